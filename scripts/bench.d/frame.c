// SPDX-License-Identifier: GPL-2.0
/* Builds and compares the frames that flood.c sends and receives. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

enum { ETHER = 14, UDP = 8, TCP = 20, GRE = 8 };

static size_t ip_header(int family)
{
	return family == 4 ? 20 : 40;
}

static size_t address(int family)
{
	return family == 4 ? 4 : 16;
}

static void put16(uint8_t *to, uint16_t value)
{
	to[0] = value >> 8;
	to[1] = value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value);
}

/* Reads "ADDRESS,PORT". */
int end_parse(struct end *end, int family, const char *text)
{
	char copy[64];
	char *comma;

	snprintf(copy, sizeof(copy), "%s", text);
	comma = strchr(copy, ',');
	memset(end, 0, sizeof(*end));
	if (comma) {
		*comma = '\0';
		end->port = strtoul(comma + 1, NULL, 10);
	}
	return inet_pton(family == 4 ? AF_INET : AF_INET6, copy, end->addr) == 1 ? 0 : -1;
}

/* Whether both address and port lie between those of two ends. */
bool end_in(const struct end *end, const struct end *low, const struct end *high, int family)
{
	size_t len = address(family);

	return memcmp(end->addr, low->addr, len) >= 0 && memcmp(end->addr, high->addr, len) <= 0 &&
	       end->port >= low->port && end->port <= high->port;
}

struct end end_of_flow(const struct end *base, int family, unsigned long flow)
{
	struct end end = *base;
	uint8_t *low = end.addr + address(family) - 4;
	uint32_t value;

	memcpy(&value, low, 4);
	put32(low, ntohl(value) + flow / PORTS);
	end.port = PORT0 + flow % PORTS;
	return end;
}

size_t headers(const struct shape *shape)
{
	return ETHER + ip_header(shape->family) + (shape->proto == IPPROTO_UDP ? UDP : TCP);
}

static uint32_t sum(uint32_t start, const uint8_t *bytes, size_t len)
{
	uint64_t total = start;

	for (; len > 1; len -= 2, bytes += 2)
		total += (bytes[0] << 8) | bytes[1];
	if (len)
		total += bytes[0] << 8;
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

static void put_l4(uint8_t *l4, size_t len, const struct end *src, const struct end *dst,
		   const struct shape *shape)
{
	size_t addr = address(shape->family);
	size_t header = shape->proto == IPPROTO_UDP ? UDP : TCP;
	uint32_t pseudo = shape->proto + len;
	uint8_t *check;

	put16(l4, src->port);
	put16(l4 + 2, dst->port);
	if (shape->proto == IPPROTO_UDP) {
		put16(l4 + 4, len);
		check = l4 + 6;
	} else {
		put32(l4 + 4, shape->seq);
		put32(l4 + 8, shape->ack);
		l4[12] = TCP / 4 << 4;
		l4[13] = shape->flags;
		put16(l4 + 14, 65535);
		put16(l4 + 18, 0);
		check = l4 + 16;
	}
	put16(check, 0);
	pseudo = sum(pseudo, src->addr, addr);
	pseudo = sum(pseudo, dst->addr, addr);
	if (shape->offload)
		put16(check, pseudo);
	else
		put16(check, ~sum(pseudo, l4, header));
	if (shape->proto == IPPROTO_UDP && !check[0] && !check[1])
		put16(check, 0xffff);
}

static void put_ip(uint8_t *ip, size_t len, int proto, const uint8_t *src, const uint8_t *dst, int family, int ttl)
{
	size_t addr = address(family);

	if (family == 4) {
		put32(ip, 0x45000000 | len);
		put32(ip + 4, 0x00004000);
		put32(ip + 8, ttl << 24 | proto << 16);
		memcpy(ip + 12, src, addr);
		memcpy(ip + 16, dst, addr);
		put16(ip + 10, ~sum(0, ip, 20));
	} else {
		put32(ip, 0x60000000);
		put32(ip + 4, (len - 40) << 16 | proto << 8 | ttl);
		memcpy(ip + 8, src, addr);
		memcpy(ip + 24, dst, addr);
	}
}

/* Frames are reused: the payload, zeros, is never written nor summed. */
void frame_build(struct frame *frame, const uint8_t *dst_mac, const uint8_t *src_mac,
		 const struct end *src, const struct end *dst, const struct shape *shape)
{
	uint8_t *ip = frame->bytes + ETHER;
	uint8_t *l4 = ip + ip_header(shape->family);
	size_t least = headers(shape);

	frame->len = shape->size > least ? shape->size : least;
	memcpy(frame->bytes, dst_mac, 6);
	memcpy(frame->bytes + 6, src_mac, 6);
	put16(frame->bytes + 12, shape->family == 4 ? 0x0800 : 0x86dd);
	put_ip(ip, frame->len - ETHER, shape->proto, src->addr, dst->addr, shape->family, shape->ttl);
	put_l4(l4, frame->len - ETHER - ip_header(shape->family), src, dst, shape);
}

/* Puts the packet into GRE with a key, in its own family. The payload is zeros wherever it begins. */
void frame_wrap(struct frame *frame, const struct end *src, const struct end *dst, uint32_t key,
		const struct shape *shape)
{
	size_t outer = ip_header(shape->family) + GRE;
	uint8_t *ip = frame->bytes + ETHER, *gre = ip + ip_header(shape->family);

	memmove(ip + outer, ip, headers(shape) - ETHER);
	frame->len += outer;
	put_ip(ip, frame->len - ETHER, IPPROTO_GRE, src->addr, dst->addr, shape->family, 64);
	put16(gre, 0x2000);
	put16(gre + 2, shape->family == 4 ? 0x0800 : 0x86dd);
	put32(gre + 4, key);
}

/* The source of an IP packet without options; -1 if it is too short. */
int frame_source(struct end *src, const uint8_t *ip, size_t len, int family)
{
	size_t header = ip_header(family);

	memset(src, 0, sizeof(*src));
	if (len < header + UDP)
		return -1;
	memcpy(src->addr, ip + (family == 4 ? 12 : 8), address(family));
	src->port = ip[header] << 8 | ip[header + 1];
	return 0;
}

/* NULL if a frame is byte for byte what was wanted, or where it first differs. */
const char *frame_differs(const uint8_t *got, size_t got_len, const struct frame *want)
{
	static char why[160];
	size_t i;

	for (i = 0; i < got_len && i < want->len; i++) {
		if (got[i] == want->bytes[i])
			continue;
		snprintf(why, sizeof(why), "byte %zu is %02x and should be %02x", i, got[i], want->bytes[i]);
		return why;
	}
	if (got_len == want->len)
		return NULL;
	snprintf(why, sizeof(why), "%zu bytes long and should be %zu", got_len, want->len);
	return why;
}
