// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swctl.h"

/* Return: what happened, or NULL where @cmd is no notification. */
static const char *event_of(unsigned int cmd)
{
	switch (cmd) {
	case SKYWIRE_CMD_DEV_NTF:
	case SKYWIRE_CMD_LINK_NTF:
	case SKYWIRE_CMD_PEER_NTF:
	case SKYWIRE_CMD_PATH_NTF:
	case SKYWIRE_CMD_PREFIX_NTF:
	case SKYWIRE_CMD_KEY_NTF:
		return "changed";
	case SKYWIRE_CMD_DEV_DEL_NTF:
	case SKYWIRE_CMD_LINK_DEL_NTF:
	case SKYWIRE_CMD_PEER_DEL_NTF:
	case SKYWIRE_CMD_PATH_DEL_NTF:
	case SKYWIRE_CMD_PREFIX_DEL_NTF:
	case SKYWIRE_CMD_KEY_DEL_NTF:
		return "deleted";
	default:
		return NULL;
	}
}

/* Prints @item in the line, or in a further one that is set in. */
static void print_item(unsigned int *column, const char *item)
{
	unsigned int len = strlen(item);

	if (*column + 1 + len > 80)
		*column = printf("\n    %s", item) - 1;
	else
		*column += printf(" %s", item);
}

/* Counters have 64 bits, and say nothing where they are zero. */
static bool is_worth_it(const struct sw_object *obj, unsigned int type)
{
	const struct sw_attr *attr = &obj->set->attr[type];

	if (!sw_object_has(obj, type) || !strcmp(attr->name, "ifindex"))
		return false;
	switch (attr->kind) {
	case SW_KIND_UINT:
		return attr->len < 8 || sw_object_uint(obj, type);
	case SW_KIND_FLAG:
	case SW_KIND_LABELS:
		return true;
	case SW_KIND_BYTES:
		/* Nothing for eyes */
		return false;
	default:
		return sw_object_len(obj, type);
	}
}

static void print_change(const struct sw_object *obj, const char *event)
{
	unsigned int type, column = printf("%s %s", obj->set->name, event);
	char item[SW_VALUE_TEXT + 32];

	for (type = 0; type <= obj->set->max; type++) {
		const struct sw_attr *attr = &obj->set->attr[type];

		if (!is_worth_it(obj, type))
			continue;
		if (attr->kind == SW_KIND_LABELS && sw_object_len(obj, type)) {
			wrap_labels(obj, printf("\n    %s ", attr->name) - 1);
			column = 80;
			continue;
		}
		snprintf(item, sizeof(item), "%s%s%s", attr->name,
			 attr->kind == SW_KIND_FLAG ? "" : " ",
			 attr->kind == SW_KIND_FLAG ? "" : str(obj, type));
		print_item(&column, item);
	}
	putchar('\n');
}

static void print_json(const struct sw_object *obj, const char *event)
{
	json_t *json = json_object();
	json_t *attrs = json_of_object(obj);

	json_object_set_new(json, "object", json_string(obj->set->name));
	json_object_set_new(json, "event", json_string(event));
	json_object_update(json, attrs);
	json_decref(attrs);
	json_dumpf(json, stdout, JSON_COMPACT);
	json_decref(json);
	putchar('\n');
}

static int notified(const struct nlmsghdr *nlh, void *arg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct ctx *ctx = arg;
	struct sw_object obj;
	const char *event;

	if (sw_object_read(&obj, nlh))
		return 0;
	event = event_of(genl->cmd);
	if (!event)
		return 0;
	if (ctx->dev && strcmp(ctx->dev, str(&obj, SKYWIRE_A_DEV_IFNAME)))
		return 0;
	if (ctx->json)
		print_json(&obj, event);
	else
		print_change(&obj, event);
	/* Whoever reads this waits for it; and one who has gone ends it. */
	return fflush(stdout) ? SWCTL_USAGE : 0;
}

/* --- the daemon ------------------------------------------------------------ */

enum {
	AGAIN	= 1000,		/* milliseconds between tries to reach it */
};

/* It may come and go: @fd is -1 while it is not there. */
struct daemon {
	char	path[128];
	int	fd;
	bool	named;		/* by who asks */
	bool	told;		/* that it is not there */
	char	line[8192];
	size_t	len;
};

static void print_event(const struct ctx *ctx, json_t *event)
{
	if (ctx->json) {
		json_dumpf(event, stdout, JSON_COMPACT);
		putchar('\n');
		return;
	}
	printf("%s %s", json_string_value(json_object_get(event, "object")),
	       json_string_value(json_object_get(event, "event")));
	json_object_del(event, "object");
	json_object_del(event, "event");
	fputs(json_object_size(event) ? " " : "\n", stdout);
	if (json_object_size(event))
		daemon_print(event);
}

static void read_daemon_line(const struct ctx *ctx, const char *line, size_t len)
{
	json_t *event = json_loadb(line, len, 0, NULL);

	if (json_is_string(json_object_get(event, "object")) &&
	    json_is_string(json_object_get(event, "event")))
		print_event(ctx, event);
	else if (json_is_object(event))
		complain(0, "the daemon says: %s",
			 json_string_value(json_object_get(event, "error")) ?: "?");
	json_decref(event);
}

static void lose_daemon(const struct ctx *ctx, struct daemon *d)
{
	json_t *event = json_pack("{s:s, s:s}", "object", "daemon", "event", "gone");

	close(d->fd);
	d->fd = -1;
	d->len = 0;
	print_event(ctx, event);
	json_decref(event);
}

/* The kernel's changes are worth having without it, but one that was named is wanted. */
static void complain_once(struct daemon *d, int error)
{
	if (!d->told && (d->named || error == EACCES))
		complain(0, "%s: %s (waiting for it)", d->path, strerror(error));
	d->told = true;
}

static void reach_daemon(struct daemon *d)
{
	static const char word[] = "monitor\n";

	d->fd = daemon_connect(d->path);
	if (d->fd < 0) {
		complain_once(d, -d->fd);
		d->fd = -1;
	} else if (send(d->fd, word, strlen(word), MSG_NOSIGNAL) < 0) {
		close(d->fd);
		d->fd = -1;
	}
}

static void hear_daemon(const struct ctx *ctx, struct daemon *d)
{
	ssize_t n = recv(d->fd, d->line + d->len, sizeof(d->line) - d->len, 0);
	char *at = d->line, *end;

	if (n <= 0) {
		lose_daemon(ctx, d);
		return;
	}
	d->len += n;
	while ((end = memchr(at, '\n', d->line + d->len - at))) {
		read_daemon_line(ctx, at, end - at);
		at = end + 1;
	}
	d->len -= at - d->line;
	memmove(d->line, at, d->len);
	if (d->len == sizeof(d->line))
		lose_daemon(ctx, d);
}

/* --- both ------------------------------------------------------------------ */

/* As it comes. Return: 0 to go on, an exit code, or a negative errno. */
static int follow(struct ctx *ctx, struct daemon *d, struct sw_error *err)
{
	struct pollfd of[] = {
		{ .fd = sw_nl_fd(ctx->nl), .events = POLLIN },
		{ .fd = d->fd, .events = POLLIN },
	};
	int rc = 0;

	if (poll(of, 2, d->fd < 0 ? AGAIN : -1) < 0 && errno != EINTR)
		return sw_fail(err, errno, "poll: %s", strerror(errno));
	if (of[0].revents)
		rc = sw_nl_listen(ctx->nl, notified, ctx, err);
	if (rc == -ENOBUFS)
		complain(0, "some changes were lost: they came too fast");
	else if (rc)
		return rc;
	if (of[1].revents)
		hear_daemon(ctx, d);
	else if (d->fd < 0)
		reach_daemon(d);
	return fflush(stdout) ? SWCTL_USAGE : 0;
}

static int monitor(struct ctx *ctx, int argc, char **argv)
{
	struct daemon daemon = { .fd = -1 };
	struct sw_error err;
	struct request req;
	int rc;

	request_begin(&req, ctx, SKYWIRE_CMD_DEV_GET);
	rc = request_args(&req, NULL, has_socket(argc, argv) ? argc - 2 : argc, argv);
	if (!rc)
		rc = ask_open(ctx);
	if (rc)
		return rc;
	daemon.named = has_socket(argc, argv);
	use_first_name(ctx);
	daemon_socket(ctx, daemon.path, argc, argv);
	if (sw_nl_subscribe(ctx->nl, &err))
		return complain(SWCTL_REFUSED, "%s", err.text);
	reach_daemon(&daemon);
	do {
		rc = follow(ctx, &daemon, &err);
	} while (!rc);
	if (daemon.fd >= 0)
		close(daemon.fd);
	return rc < 0 ? complain(SWCTL_REFUSED, "%s", err.text) : rc;
}

const struct object monitor_object = {
	.name = "monitor",
	.run = monitor,
	.usage =
	"Usage: swctl monitor [dev DEV] [socket FILE]\n"
	"A paragraph, or with -j a JSON object in a line, for each change, and for each\n"
	"event of swd, while it is there; until it is interrupted.\n",
};
