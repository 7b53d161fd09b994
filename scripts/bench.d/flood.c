// SPDX-License-Identifier: GPL-2.0
/*
 * Sends the packets of many flows through a gateway, checks every byte of what
 * arrives at the other side, then sends them again and takes the time.
 *
 * Both ends are packet sockets, so nothing but the gateway has a network stack
 * at work. Where the clock counts instructions, the time is the instructions
 * that all of it took; the caller subtracts what a run takes whose packets are
 * dropped where they enter the gateway.
 */

#define _GNU_SOURCE
#include <err.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "side.h"

enum { BATCH = 64, STRIDE = 7919, LONGEST = 1514, PASSES = 5 };

static const uint8_t MAC_CLIENT[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t MAC_GATE_CLIENT[6] = { 2, 0, 0, 0, 0, 2 };
static const uint8_t MAC_GATE_SERVER[6] = { 2, 0, 0, 0, 0, 3 };
static const uint8_t MAC_SERVER[6] = { 2, 0, 0, 0, 0, 4 };

/* Packets of one kind, one or more of each flow. */
struct step {
	bool reply;
	int flags;
	uint32_t seq, ack;
	size_t size;
};

static struct {
	struct side client, server;
	int family, proto, key, into_key, hops, open_both, open_forward;
	bool blind, bridge, one_way, turns;
	size_t size;
	unsigned long flows, first, count, timed;
	const char *mode, *outer;
	struct end base, to, real, source_low, source_high, outer_src, outer_dst, into_src, into_dst;
	bool source;
} opt = { .family = 4, .proto = IPPROTO_UDP, .size = 60, .flows = 64, .count = 10000,
	  .hops = 1, .mode = "flow", .outer = "none" };

static struct frame frames[BATCH], wanted;
static uint8_t received[ROOM];
/* What each flow's client is translated to, where that is not known beforehand. */
static struct end *translated;
static unsigned long verified;
/* Whether the mode sends packets of flows that were there before. */
static bool lasting;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* --- what is sent and what must arrive -------------------------------------- */

static struct shape shape_of(const struct step *step)
{
	return (struct shape){ .family = opt.family, .proto = opt.proto, .ttl = 64, .flags = step->flags,
			       .seq = step->seq, .ack = step->ack, .size = step->size,
			       .offload = opt.size > LONGEST };
}

static void make(struct frame *frame, const struct step *step, unsigned long flow)
{
	struct end client = end_of_flow(&opt.base, opt.family, flow);
	struct shape shape = shape_of(step);

	if (translated && step->reply)
		client = translated[flow - opt.first];
	if (step->reply)
		frame_build(frame, MAC_GATE_SERVER, MAC_SERVER, &opt.real, &client, &shape);
	else
		frame_build(frame, MAC_GATE_CLIENT, MAC_CLIENT, &client, &opt.to, &shape);
	if (opt.into_key && !step->reply)
		frame_wrap(frame, &opt.into_src, &opt.into_dst, opt.into_key, &shape);
}

static void want(const struct step *step, unsigned long flow, const struct end *source)
{
	struct end client = end_of_flow(&opt.base, opt.family, flow);
	struct shape shape = shape_of(step);

	shape.ttl -= opt.hops;
	if (opt.bridge)
		make(&wanted, step, flow);
	else if (step->reply)
		frame_build(&wanted, MAC_CLIENT, MAC_GATE_CLIENT, &opt.to, &client, &shape);
	else
		frame_build(&wanted, MAC_SERVER, MAC_GATE_SERVER, source ? source : &client, &opt.real, &shape);
}

/* Checks and takes off the header of a tunnel; returns its length, -1 if it is wrong. */
static long take_outer(uint8_t *bytes, long len)
{
	bool gre = !strcmp(opt.outer, "gre"), four = opt.family == 4;
	uint8_t *ip = bytes + ETH_HLEN, *inner = ip + (four ? 20 : 40);
	long outer = (four ? 20 : 40) + (gre ? 8 : 0);
	int protocol = gre ? IPPROTO_GRE : four ? IPPROTO_IPIP : IPPROTO_IPV6;
	uint8_t expected[8] = { 0x20, 0, four ? 0x08 : 0x86, four ? 0x00 : 0xdd,
				opt.key >> 24, opt.key >> 16, opt.key >> 8, opt.key };

	if (len < ETH_HLEN + outer || ip[0] >> 4 != opt.family || ip[four ? 9 : 6] != protocol ||
	    memcmp(ip + (four ? 12 : 8), opt.outer_src.addr, four ? 4 : 16) ||
	    memcmp(ip + (four ? 16 : 24), opt.outer_dst.addr, four ? 4 : 16) ||
	    (gre && memcmp(inner, expected, 8)))
		return -1;
	memmove(ip, ip + outer, len - ETH_HLEN - outer);
	return outer;
}

static bool ours(const uint8_t *bytes, long len)
{
	int type = bytes[12] << 8 | bytes[13];

	if (len < 34 || type != (opt.family == 4 ? ETH_P_IP : ETH_P_IPV6))
		return false;
	/* Not neighbour discovery nor multicast reports. */
	return opt.family == 4 || (bytes[20] != IPPROTO_ICMPV6 && bytes[20] != 0);
}

static void check(const struct step *step, unsigned long flow, long len)
{
	struct end source, *known = NULL;
	const char *why;

	if (strcmp(opt.outer, "none")) {
		long outer = take_outer(received, len);

		if (outer < 0)
			errx(1, "flow %lu: the header of the tunnel is wrong", flow);
		len -= outer;
	}
	if (opt.source && !step->reply) {
		if (frame_source(&source, received + ETH_HLEN, len - ETH_HLEN, opt.family) ||
		    !end_in(&source, &opt.source_low, &opt.source_high, opt.family))
			errx(1, "flow %lu: the source is outside the pool", flow);
		if (!translated[flow - opt.first].port)
			translated[flow - opt.first] = source;
		known = &translated[flow - opt.first];
	}
	want(step, flow, known);
	why = frame_differs(received, len, &wanted);
	if (why)
		errx(1, "flow %lu, %s: %s", flow, step->reply ? "reply" : "forward", why);
	verified++;
}

/* --- sending and receiving ----------------------------------------------------- */

static void send_batch(const struct side *side, unsigned int n)
{
	static struct virtio_net_hdr gso;
	static struct mmsghdr messages[BATCH];
	static struct iovec parts[BATCH][2];
	unsigned int i, done = 0;
	bool super = opt.size > LONGEST;
	struct shape shape = { .family = opt.family, .proto = opt.proto };

	gso = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = opt.family == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.hdr_len = headers(&shape), .gso_size = LONGEST - headers(&shape),
		.csum_start = headers(&shape) - 20, .csum_offset = 16,
	};
	for (i = 0; i < n; i++) {
		parts[i][0] = (struct iovec){ &gso, sizeof(gso) };
		parts[i][1] = (struct iovec){ frames[i].bytes, frames[i].len };
		messages[i].msg_hdr.msg_iov = parts[i] + !super;
		messages[i].msg_hdr.msg_iovlen = 1 + super;
	}
	while (done < n) {
		int sent = sendmmsg(side->tx, messages + done, n - done, 0);

		if (sent < 0)
			err(1, "send");
		done += sent;
	}
}

static long receive(const struct side *side)
{
	struct pollfd ready = { .fd = side->rx, .events = POLLIN };
	long len;

	do {
		len = recv(side->rx, received, sizeof(received), MSG_DONTWAIT);
		if (len < 0 && poll(&ready, 1, 2000) == 0)
			return -1;
	} while (len < 0 || !ours(received, len));
	return len;
}

static unsigned long flow_at(unsigned long first, unsigned long flows, unsigned long k)
{
	return first + (flows % STRIDE ? k * STRIDE : k) % flows;
}

static void pass(const struct step *step, unsigned long first, unsigned long flows, unsigned long count,
		 bool verify)
{
	struct side *from = step->reply ? &opt.server : &opt.client;
	struct side *to = step->reply ? &opt.client : &opt.server;
	unsigned long k;
	unsigned int i, n;

	for (k = 0; k < count; k += n) {
		n = count - k < BATCH ? count - k : BATCH;
		for (i = 0; i < n; i++)
			make(&frames[i], step, flow_at(first, flows, k + i));
		send_batch(from, n);
		for (i = 0; verify && i < n; i++) {
			long len = receive(to);

			if (len < 0)
				errx(1, "packet %lu of %lu (%s) did not arrive", k + i, count,
				     step->reply ? "reply" : "forward");
			check(step, flow_at(first, flows, k + i), len);
		}
	}
}

/* --- the modes --------------------------------------------------------------------- */

/* What goes before established traffic, and the traffic. Sizes are filled in. */
static struct step steps_of_tcp[] = {
	{ .flags = SYN, .seq = 1000 },
	{ .reply = true, .flags = SYN | ACK, .seq = 5000, .ack = 1001 },
	{ .flags = ACK, .seq = 1001, .ack = 5001 },
};
static struct step data = { .flags = ACK | PSH, .seq = 1001, .ack = 5001 };
static struct step answer = { .reply = true, .flags = ACK | PSH, .seq = 5001, .ack = 1001 };

static void open_flows(void)
{
	unsigned int i;

	if (opt.proto == IPPROTO_TCP) {
		for (i = 0; i < 3; i++)
			if (!opt.one_way || !steps_of_tcp[i].reply)
				pass(&steps_of_tcp[i], opt.first, opt.flows, opt.flows, true);
	}
	pass(&data, opt.first, opt.flows, opt.flows, true);
	if (opt.open_both) {
		pass(&answer, opt.first, opt.flows, opt.flows, true);
		pass(&data, opt.first, opt.flows, opt.flows, true);
	}
}

/* A request of one packet, an answer of one packet, closed by the client. */
static void connections(unsigned long first, unsigned long count, bool verify)
{
	struct shape shape = { .family = opt.family, .proto = opt.proto };
	size_t least = headers(&shape), full = opt.size > least + 100 ? opt.size : least + 100;
	uint32_t sent = full - least;
	struct step steps[] = {
		steps_of_tcp[0], steps_of_tcp[1], steps_of_tcp[2],
		{ .flags = ACK | PSH, .seq = 1001, .ack = 5001, .size = full },
		{ .reply = true, .flags = ACK | PSH, .seq = 5001, .ack = 1001 + sent, .size = full },
		{ .flags = ACK | FIN, .seq = 1001 + sent, .ack = 5001 + sent },
		{ .reply = true, .flags = ACK | FIN, .seq = 5001 + sent, .ack = 1002 + sent },
		{ .flags = ACK, .seq = 1002 + sent, .ack = 5002 + sent },
	};
	unsigned long i, n;
	unsigned int s;

	for (i = 0; i < count; i += n) {
		n = count - i < BATCH ? count - i : BATCH;
		for (s = 0; s < sizeof(steps) / sizeof(steps[0]); s++)
			pass(&steps[s], first + i, n, n, verify);
	}
}

static void traffic(const char *mode, unsigned long first, unsigned long count, bool verify)
{
	if (!strcmp(mode, "flow"))
		pass(&data, first, opt.flows, count, verify);
	else if (!strcmp(mode, "reply"))
		pass(&answer, first, opt.flows, count, verify);
	else if (!strcmp(mode, "new"))
		pass(opt.proto == IPPROTO_TCP ? &steps_of_tcp[0] : &data, first, count, count, verify);
	else if (!strcmp(mode, "connect"))
		connections(first, count, verify);
	else
		errx(2, "unknown mode %s", mode);
}

/* Opens what the mode needs and sends each packet once, comparing what arrives. */
static void verify(void)
{
	side_listen(&opt.client);
	side_listen(&opt.server);
	if (lasting && (opt.open_both || opt.open_forward || opt.proto == IPPROTO_TCP))
		open_flows();
	traffic(opt.mode, opt.first, opt.count, true);
	close(opt.client.rx);
	close(opt.server.rx);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Takes the median of several passes, for one may meet what the kernel does now and then. */
static void measure(void)
{
	unsigned long before = side_received(&opt.client) + side_received(&opt.server);
	unsigned long share = opt.timed / PASSES, timed = share * PASSES, arrived;
	/* What is opened anew takes flows that were not used before. */
	unsigned long first = lasting ? opt.first : opt.first + opt.count;
	uint64_t spent[PASSES];
	unsigned int i;

	for (i = 0; i < PASSES; i++) {
		uint64_t start = now();

		traffic(opt.mode, first, share, false);
		spent[i] = now() - start;
		first += lasting ? 0 : share;
	}
	qsort(spent, PASSES, sizeof(spent[0]), compare);
	poll(NULL, 0, 100);
	arrived = side_received(&opt.client) + side_received(&opt.server) - before;
	timed *= strcmp(opt.mode, "connect") ? 1 : 8;
	if (arrived != (opt.blind ? 0 : timed))
		errx(1, "%lu of %lu packets arrived while they were timed", arrived, timed);
	printf("{\"instructions\": %.1f, \"timed\": %lu, \"verified\": %lu}\n",
	       (double)spent[PASSES / 2] / share, timed, verified);
}

/*
 * One pass for each line that is read. Whoever asks takes the time and counts what arrives. Flows
 * that are more than the packets of a pass take their turns, so that no cache remembers them.
 */
static void turns(void)
{
	unsigned long all = opt.flows, at = 0;
	char line[16];

	if (opt.flows > opt.timed)
		opt.flows = opt.timed;
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		traffic(opt.mode, opt.first + at, opt.timed, false);
		at = at + 2 * opt.flows > all ? 0 : at + opt.flows;
		printf("done\n");
		fflush(stdout);
	}
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

static void end_option(struct end *end, const char *text)
{
	if (end_parse(end, opt.family, text))
		errx(2, "not an address of that family: %s", text);
}

static void options(int argc, char **argv)
{
	static const struct option all[] = {
		{ "family", 1, 0, 'f' }, { "proto", 1, 0, 'p' }, { "size", 1, 0, 's' },
		{ "flows", 1, 0, 'n' }, { "first", 1, 0, 'i' }, { "count", 1, 0, 'c' },
		{ "mode", 1, 0, 'm' }, { "open", 1, 0, 'o' }, { "base", 1, 0, 'b' },
		{ "to", 1, 0, 't' }, { "real", 1, 0, 'r' }, { "source-low", 1, 0, 'l' },
		{ "source-high", 1, 0, 'h' }, { "outer", 1, 0, 'u' }, { "outer-src", 1, 0, 'S' },
		{ "outer-dst", 1, 0, 'D' }, { "key", 1, 0, 'k' }, { "hops", 1, 0, 'H' },
		{ "into-src", 1, 0, 'x' }, { "into-dst", 1, 0, 'y' }, { "into-key", 1, 0, 'K' },
		{ "turns", 0, 0, 'R' }, { "cpu", 1, 0, 'C' }, { "blind", 0, 0, 'B' }, { "one-way", 0, 0, 'w' },
		{ "timed", 1, 0, 'T' }, { "bridge", 0, 0, 'M' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", all, NULL)) >= 0) {
		switch (c) {
		case 'f': opt.family = atoi(optarg); break;
		case 'p': opt.proto = strcmp(optarg, "tcp") ? IPPROTO_UDP : IPPROTO_TCP; break;
		case 's': opt.size = strtoul(optarg, NULL, 10); break;
		case 'n': opt.flows = strtoul(optarg, NULL, 10); break;
		case 'i': opt.first = strtoul(optarg, NULL, 10); break;
		case 'c': opt.count = strtoul(optarg, NULL, 10); break;
		case 'T': opt.timed = strtoul(optarg, NULL, 10); break;
		case 'm': opt.mode = optarg; break;
		case 'o':
			opt.open_both = !strcmp(optarg, "both");
			opt.open_forward = !strcmp(optarg, "forward");
			break;
		case 'b': end_option(&opt.base, optarg); break;
		case 't': end_option(&opt.to, optarg); break;
		case 'r': end_option(&opt.real, optarg); break;
		case 'l': end_option(&opt.source_low, optarg); opt.source = true; break;
		case 'h': end_option(&opt.source_high, optarg); break;
		case 'u': opt.outer = optarg; break;
		case 'S': end_option(&opt.outer_src, optarg); break;
		case 'D': end_option(&opt.outer_dst, optarg); break;
		case 'k': opt.key = atoi(optarg); break;
		case 'x': end_option(&opt.into_src, optarg); break;
		case 'y': end_option(&opt.into_dst, optarg); break;
		case 'K': opt.into_key = atoi(optarg); break;
		case 'H': opt.hops = atoi(optarg); break;
		case 'R': opt.turns = true; break;
		case 'C': pin(atoi(optarg)); break;
		case 'B': opt.blind = true; break;
		case 'w': opt.one_way = true; break;
		case 'M': opt.bridge = true; break;
		default: exit(2);
		}
	}
	if (argc - optind != 2)
		errx(2, "usage: flood [OPTION]... CLIENT-NETNS:DEV SERVER-NETNS:DEV");
	side_name(&opt.client, argv[optind]);
	side_name(&opt.server, argv[optind + 1]);
	data.size = answer.size = opt.size;
	opt.timed = opt.timed ? opt.timed : opt.count;
}

int main(int argc, char **argv)
{
	options(argc, argv);
	if (opt.source)
		translated = calloc(opt.flows > opt.count ? opt.flows : opt.count, sizeof(*translated));
	lasting = !strcmp(opt.mode, "flow") || !strcmp(opt.mode, "reply");
	side_open(&opt.client, opt.size > LONGEST);
	side_open(&opt.server, opt.size > LONGEST);
	if (opt.blind)
		traffic(opt.mode, opt.first, opt.count, false);
	else
		verify();
	if (opt.turns)
		turns();
	else
		measure();
	return 0;
}
