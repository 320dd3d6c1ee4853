// SPDX-License-Identifier: GPL-2.0
/*
 * links: many links between two nodes, which swctl would take a while for.
 *
 * links [-l | -p] FIRST END NETNS ADDRESS OTHER-NETNS OTHER-ADDRESS: those with
 * labels from FIRST to END - 1, over UDP/IPv4 between the addresses, port 5000. To
 * the first node each is one to a neighbour of its own; the other one answers probes
 * and sends none. Each neighbour is a peer of the first node's as well, whose overlay
 * address is printed. With -l there are only the links, and with -p only the peers,
 * where the links are there. Key indices are twice the labels.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "request.h"

enum { PORT = 5000 };

struct end {
	struct nl	nl;
	__u32	ifindex;
	struct in_addr	address;
};

static void open_end(struct end *end, const char *netns, const char *address)
{
	int fd = open(netns, O_RDONLY);

	if (fd < 0 || setns(fd, CLONE_NEWNET) || nl_open(&end->nl))
		err(1, "%s", netns);
	close(fd);
	end->ifindex = if_nametoindex("sw0");
	if (!end->ifindex || inet_pton(AF_INET, address, &end->address) != 1)
		errx(1, "%s: no sw0, or not an address: %s", netns, address);
}

static void need(const struct end *end, int result)
{
	if (result)
		errx(1, "%s: %s", strerror(-result), end->nl.error);
}

/* One end of a link; frames to it carry @rx, those from it @tx. */
static void add_link(struct end *end, const struct end *other, __u16 label,
		     const __u8 *neighbour, __u32 probe_busy, __u32 rx,
		     __u32 tx)
{
	__u8 rx_key[32] = {}, tx_key[32] = {};

	memcpy(rx_key, &rx, sizeof(rx));
	memcpy(tx_key, &tx, sizeof(tx));
	need(end, NL_DO(&end->nl, SKYWIRE_CMD_LINK_NEW,
			U32(SKYWIRE_A_LINK_IFINDEX, end->ifindex),
			U16(SKYWIRE_A_LINK_LABEL, label),
			BIN(SKYWIRE_A_LINK_NEIGHBOUR, neighbour, 32),
			BIN(SKYWIRE_A_LINK_REMOTE, &other->address, 4),
			U16(SKYWIRE_A_LINK_REMOTE_PORT, htons(PORT)),
			U32(SKYWIRE_A_LINK_PROBE_BUSY, probe_busy)));
	need(end, NL_DO(&end->nl, SKYWIRE_CMD_KEY_NEW,
			U32(SKYWIRE_A_KEY_IFINDEX, end->ifindex),
			U16(SKYWIRE_A_KEY_LINK, label),
			U8(SKYWIRE_A_KEY_CIPHER, SKYWIRE_CIPHER_CHACHA20_POLY1305),
			U32(SKYWIRE_A_KEY_RX_INDEX, rx),
			U32(SKYWIRE_A_KEY_TX_INDEX, tx),
			BIN(SKYWIRE_A_KEY_RX_KEY, rx_key, 32),
			BIN(SKYWIRE_A_KEY_TX_KEY, tx_key, 32)));
}

/* The neighbour as a peer, over the link; its address is printed. */
static void add_peer(struct end *end, __u16 label, const __u8 *key)
{
	const struct nlattr *address;
	char text[INET6_ADDRSTRLEN];

	need(end, NL_DO(&end->nl, SKYWIRE_CMD_PEER_NEW,
			U32(SKYWIRE_A_PEER_IFINDEX, end->ifindex),
			BIN(SKYWIRE_A_PEER_PUBLIC_KEY, key, 32)));
	need(end, NL_DO(&end->nl, SKYWIRE_CMD_PATH_NEW,
			U32(SKYWIRE_A_PATH_IFINDEX, end->ifindex),
			BIN(SKYWIRE_A_PATH_PEER, key, 32),
			U16(SKYWIRE_A_PATH_LINK, label)));
	need(end, NL_DO(&end->nl, SKYWIRE_CMD_PEER_GET,
			U32(SKYWIRE_A_PEER_IFINDEX, end->ifindex),
			BIN(SKYWIRE_A_PEER_PUBLIC_KEY, key, 32)));
	address = nl_attr(end->nl.reply, SKYWIRE_A_PEER_ADDRESS);
	if (!address)
		errx(1, "a peer without an address");
	puts(inet_ntop(AF_INET6, mnl_attr_get_payload(address), text, sizeof(text)));
}

int main(int argc, char *argv[])
{
	static struct end near, far;
	bool links = true, peers = true;
	__u8 key[32] = {};
	__u16 label;
	int option;

	while ((option = getopt(argc, argv, "lp")) != -1) {
		links &= option == 'l';
		peers &= option == 'p';
	}
	argv += optind;
	if (argc - optind != 6 || (!links && !peers))
		errx(2, "usage: links [-l | -p] FIRST END NETNS ADDRESS OTHER-NETNS OTHER-ADDRESS");
	open_end(&near, argv[2], argv[3]);
	open_end(&far, argv[4], argv[5]);
	for (label = atoi(argv[0]); label < atoi(argv[1]); label++) {
		/* No node has this key; a peer is what has an address. */
		memcpy(key, &label, sizeof(label));
		if (links) {
			add_link(&near, &far, label, key,
				 SKYWIRE_PROBE_BUSY_DEFAULT, 2 * label,
				 2 * label + 1);
			add_link(&far, &near, label, key, 0, 2 * label + 1,
				 2 * label);
		}
		if (peers)
			add_peer(&near, label, key);
	}
	return 0;
}
