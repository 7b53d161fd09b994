// SPDX-License-Identifier: GPL-2.0
/* The ends that flood.c sends and receives at. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "side.h"

static void enter(const struct side *side)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", side->netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "namespace %s", side->netns);
	close(fd);
}

static int packet_socket(const struct side *side, int protocol, bool offload)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_ifindex = side->ifindex,
				     .sll_protocol = htons(protocol) };
	int fd, on = 1, space = 256 << 20;

	enter(side);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof(space)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &space, sizeof(space)))
		err(1, "packet socket in %s", side->netns);
	if (!protocol && setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		err(1, "qdisc bypass");
	if (offload && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)))
		err(1, "segmentation offload");
	if (bind(fd, (struct sockaddr *)&where, sizeof(where)))
		err(1, "device %s", side->dev);
	return fd;
}

/* Splits NETNS:DEV, which is kept. */
void side_name(struct side *side, char *text)
{
	side->netns = strtok(text, ":");
	side->dev = strtok(NULL, ":");
}

/* Opens what sends; with offload each frame comes after a struct virtio_net_hdr. */
void side_open(struct side *side, bool offload)
{
	enter(side);
	side->ifindex = if_nametoindex(side->dev);
	if (!side->ifindex)
		err(1, "device %s", side->dev);
	side->tx = packet_socket(side, 0, offload);
	side->rx = -1;
}

/* Opens what receives, until it is closed. */
void side_listen(struct side *side)
{
	side->rx = packet_socket(side, ETH_P_ALL, false);
}

/* Packets that a device has received since it was made. */
unsigned long side_received(const struct side *side)
{
	char line[512], name[32];
	unsigned long packets = 0, found;
	FILE *file;

	enter(side);
	file = fopen("/proc/thread-self/net/dev", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %31[^:]: %*u %lu", name, &found) == 2 && !strcmp(name, side->dev))
			packets = found;
	fclose(file);
	return packets;
}
