/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SLR_BENCH_SIDE_H
#define SLR_BENCH_SIDE_H

#include <stdbool.h>

/* One side of the gateway: a device in a namespace, and packet sockets on it. */
struct side {
	char *netns;
	char *dev;
	unsigned int ifindex;
	int tx, rx;
};

void side_name(struct side *side, char *text);
void side_open(struct side *side, bool offload);
void side_listen(struct side *side);
unsigned long side_received(const struct side *side);

#endif
