/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of swctl share, grouped by the file that has it. */
#ifndef _SWCTL_H
#define _SWCTL_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include <linux/genetlink.h>

#include "lib/compiler.h"
#include "lib/error.h"
#include "lib/iface.h"
#include "lib/netlink.h"
#include "lib/object.h"

/* Exit codes, as iproute2 has them. */
enum {
	SWCTL_OK	= 0,
	SWCTL_USAGE	= 1,	/* what was typed, or a file, is wrong */
	SWCTL_REFUSED	= 2,	/* the kernel refused */
};

enum {
	REQUEST_LEN	= 2048,	/* more than all attributes of any request */
};

struct ctx {
	const struct object	*object;	/* whose usage is shown */
	char			where[32];	/* object and command, for messages */
	const char		*dev;		/* named device, or NULL */
	struct sw_iface		iface;		/* the same, once looked up */
	bool			dev_checked;	/* it exists */
	bool			json;
	bool			pretty;
	bool			all;
	bool			stdin_used;	/* a second key is not there */
	struct sw_nl		*nl;		/* opened when first needed */
};

/* A command returns an exit code. @argv begins after the command's name. */
typedef int (*command_fn)(struct ctx *ctx, int argc, char **argv);

struct command {
	const char	*name;
	command_fn	run;
};

struct object {
	const char		*name;
	const struct command	*commands;	/* ends without a name; or NULL */
	command_fn		run;		/* without a command; or NULL */
	const char		*usage;
};

extern const struct object show_object;
extern const struct object dev_object;
extern const struct object link_object;
extern const struct object peer_object;
extern const struct object path_object;
extern const struct object prefix_object;
extern const struct object key_object;
extern const struct object stats_object;
extern const struct object monitor_object;
/* daemon.c */
extern const struct object status_object;
extern const struct object neighbour_object;
extern const struct object reload_object;
extern const struct object session_object;
extern const struct object node_object;
extern const struct object route_object;

/* main.c */

/* Says what is wrong and how it is right. Return: SWCTL_USAGE. */
int usage_error(struct ctx *ctx, const char *fmt, ...) __printf(2, 3);

/* Says what is wrong. Return: @code. */
int complain(int code, const char *fmt, ...) __printf(2, 3);

/* args.c */

struct request {
	struct ctx	*ctx;
	struct nlmsghdr	*nlh;
	char		oif[SW_ALTNAME_LEN];	/* as it was typed, or empty */
	__u8		buf[REQUEST_LEN] __aligned(8);
};

/*
 * How the value after a keyword gets into the request. Return: 0, -EINVAL for
 * bad syntax, another negative errno for what is no matter of syntax.
 */
typedef int (*put_fn)(struct request *req, __u16 attr, const char *value,
		      struct sw_error *err);

struct keyword {
	const char	*name;
	put_fn		put;
	__u16		attr;
	bool		required;
};

/*
 * The element of @table that @word names in full, or as the beginning of no
 * other. Elements are @size bytes and begin with their name; the last has none.
 * Return: the element, or NULL with @many telling whether several would fit.
 */
const void *find_word(const void *table, size_t size, const char *word,
		      bool *many);

/* "dev", or a beginning of it */
bool is_dev(const char *word);

void request_begin(struct request *req, struct ctx *ctx, __u8 cmd);

/*
 * The keywords and values that are left; "dev" is always one, and the only one
 * with that first letter. Return: exit code
 */
int request_args(struct request *req, const struct keyword *keywords, int argc,
		 char **argv);

/* One value that has no keyword, called @what in messages. */
int request_value(struct request *req, const struct keyword *k, const char *what,
		  int *argc, char ***argv);

bool request_has(const struct request *req, __u16 attr);
/* The number of attributes that are there */
unsigned int request_count(const struct request *req);

int put_u8(struct request *req, __u16 attr, const char *value,
	   struct sw_error *err);
int put_dscp(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err);
int put_u16(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err);
int put_u32(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err);
int put_u64(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err);
int put_link_mtu(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err);
int put_path_mtu(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err);
int put_hard_time(struct request *req, __u16 attr, const char *value,
		  struct sw_error *err);
int put_weight(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err);
int put_label(struct request *req, __u16 attr, const char *value,
	      struct sw_error *err);
int put_path_id(struct request *req, __u16 attr, const char *value,
		struct sw_error *err);
int put_key(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err);
int put_enum(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err);
int put_addr(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err);
int put_oif(struct request *req, __u16 attr, const char *value,
	    struct sw_error *err);
int put_ifname(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err);
int put_endpoint(struct request *req, __u16 attr, const char *value,
		 struct sw_error *err);
int put_labels(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err);
int put_prefix(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err);
int put_host(struct request *req, __u16 attr, const char *value,
	     struct sw_error *err);
int put_secret(struct request *req, __u16 attr, const char *value,
	       struct sw_error *err);
int put_identity_file(struct request *req, __u16 attr, const char *value,
		      struct sw_error *err);

/*
 * The index of the interface @value, which is "ifN" where none has that name; or
 * only that where interfaces are not @here. Return: the index, or 0.
 */
__u32 read_oif(const char *value, bool here);

/* ask.c */

/* Opens the socket, once. Return: exit code, as all of these. */
int ask_open(struct ctx *ctx);

/* Names the device in the request: that of the user, or the only one. */
int ask_device(struct request *req);

/* Carries a request out for one device; @reply may be NULL. */
int ask_do(struct request *req, struct sw_messages *reply);

/* Lists the objects of the named device, or of all. */
int ask_dump(struct ctx *ctx, __u8 cmd, struct sw_messages *list);

/* Devices: the named one, or all. */
int ask_devices(struct ctx *ctx, struct sw_messages *list);

/* print.c */

typedef void (*print_fn)(const struct sw_object *obj);

/* Text of an attribute, good until eight more have been asked for. */
const char *str(const struct sw_object *obj, unsigned int type);
const char *str_bytes(__u64 bytes);
const char *str_time(__u64 milliseconds);
const char *str_endpoint(const struct sw_object *link);
const char *str_prefix(const struct sw_object *prefix);
const char *str_index(const struct sw_object *key, unsigned int type);
const char *str_oif(const struct sw_object *link);
/* By which interface a link goes; empty where it may be any. */
const char *str_interface(const struct sw_object *link);

/* Prints comma-separated items, none of which goes beyond column 80. */
struct wrap {
	unsigned int	indent;		/* of further lines */
	unsigned int	column;
	bool		begun;
};

void wrap_item(struct wrap *w, const char *fmt, ...) __printf(2, 3);
void wrap_labels(const struct sw_object *path, unsigned int column);

/* As JSON or, each by @print, as text. @want, if any, selects. */
typedef bool (*want_fn)(const struct sw_object *obj, const void *arg);
bool any_wanted(const struct sw_messages *list, want_fn want, const void *arg);
int print_list(struct ctx *ctx, const struct sw_messages *list, print_fn print,
	       want_fn want, const void *arg);

/* What a new object is: all of it as JSON, or what the kernel chose for @type. */
int print_new(struct ctx *ctx, const struct request *req,
	      const struct sw_messages *reply, __u16 type);

/* json.c */

/* @name with '-' made '_', good until the next call */
const char *json_name(const char *name);
json_t *json_of_object(const struct sw_object *obj);
/* Takes @json over. Return: exit code. */
int json_print(struct ctx *ctx, json_t *json);

/* daemon.c */

/* The daemon, and the kernel's changes, go by the device's first name. */
void use_first_name(struct ctx *ctx);

/* The daemon's socket: of the words that are left, or of the device. */
void daemon_socket(const struct ctx *ctx, char path[128], int argc, char **argv);
/* Are the last two words those that name it? */
bool has_socket(int argc, char **argv);
/* Return: a file descriptor, or a negative errno. */
int daemon_connect(const char *path);
/* An object of its answers in a line, and further ones below it. */
void daemon_print(json_t *object);

/* stats.c */

int stats_get(struct ctx *ctx, const struct nlmsghdr *dev,
	      struct sw_messages *list);
/* Counters (@type SKYWIRE_A_STATS_COUNTER) or drops, by name. */
json_t *stats_json(const struct nlmsghdr *stats, __u16 type);
/* Prints what is not zero, or @all. Return: the number of lines. */
int stats_print(const struct nlmsghdr *stats, __u16 type, const char *title,
		bool all);

#endif /* _SWCTL_H */
