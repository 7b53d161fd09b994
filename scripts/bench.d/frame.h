/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frames of the measured flows: flow I is client BASE + I / PORTS, port
 * PORT0 + I % PORTS, to one virtual address and port.
 */
#ifndef SLR_BENCH_FRAME_H
#define SLR_BENCH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORTS 50000
#define PORT0 10000
#define ROOM 66000

/* An address of either family, with a port in host order. */
struct end {
	uint8_t addr[16];
	uint16_t port;
};

struct frame {
	uint8_t bytes[ROOM];
	size_t len;
};

/* What kind of frame: TCP flags, or none for data. */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct shape {
	int family;		/* 4 or 6 */
	int proto;		/* IPPROTO_UDP or IPPROTO_TCP */
	int ttl;
	int flags;
	uint32_t seq, ack;
	size_t size;		/* of the frame; raised to hold the headers */
	bool offload;		/* the checksum is left to the device */
};

int end_parse(struct end *end, int family, const char *text);
bool end_in(const struct end *end, const struct end *low, const struct end *high, int family);
struct end end_of_flow(const struct end *base, int family, unsigned long flow);
size_t headers(const struct shape *shape);
void frame_build(struct frame *frame, const uint8_t *dst_mac, const uint8_t *src_mac,
		 const struct end *src, const struct end *dst, const struct shape *shape);
void frame_wrap(struct frame *frame, const struct end *src, const struct end *dst, uint32_t key,
		const struct shape *shape);
const char *frame_differs(const uint8_t *got, size_t got_len, const struct frame *want);
int frame_source(struct end *src, const uint8_t *ip, size_t len, int family);

#endif
