// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ev.h>

#include "control.h"
#include "log.h"

enum { PATIENCE = 5 };	/* seconds that a client may take in all */

static const char group[] = "skywire";

/* Reads a line, then writes an answer, and is gone. */
struct client {
	struct control	*control;	/* NULL: not in use */
	ev_io		io;
	ev_timer	timer;
	char		line[CONTROL_LINE];
	size_t		len;
	char		*answer;
	size_t		left;
	const char	*at;
};

struct control {
	struct ev_loop	*loop;
	const struct control_ops *ops;
	void		*arg;
	ev_io		io;
	char		path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct client	client[CONTROL_CLIENTS];
};

int control_split(char *line, char *words[CONTROL_WORDS + 1])
{
	unsigned int n = 0;
	char *word, *rest;

	for (word = strtok_r(line, " \t\r\n", &rest); word;
	     word = strtok_r(NULL, " \t\r\n", &rest)) {
		if (n == CONTROL_WORDS)
			return -E2BIG;
		words[n++] = word;
	}
	words[n] = NULL;
	return 0;
}

/* The connection is somebody else's. */
static void forget(struct client *client)
{
	ev_io_stop(client->control->loop, &client->io);
	ev_timer_stop(client->control->loop, &client->timer);
	free(client->answer);
	memset(client, 0, sizeof(*client));
}

static void end(struct client *client)
{
	int fd = client->io.fd;

	forget(client);
	close(fd);
}

static void on_patience(struct ev_loop *loop, ev_timer *timer, int revents)
{
	(void)loop;
	(void)revents;
	end(timer->data);
}

static void on_writable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct client *client = io->data;
	ssize_t n;

	(void)loop;
	(void)revents;
	n = send(io->fd, client->at, client->left, MSG_NOSIGNAL);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0) {
		client->at += n;
		client->left -= n;
	}
	if (n <= 0 || !client->left)
		end(client);
}

/* Return: the answer; or NULL, and the client is none any more. */
static json_t *ask(struct client *client)
{
	struct control *c = client->control;
	char *words[CONTROL_WORDS + 1];

	if (control_split(client->line, words))
		return json_pack("{s:s}", "error", "too many words");
	if (!words[0])
		return json_pack("{s:s}", "error", "nothing was asked");
	if (strcmp(words[0], "monitor"))
		return c->ops->answer(c->arg, words);
	if (!c->ops->follow(c->arg, client->io.fd))
		return json_pack("{s:s}", "error", "too many follow already");
	forget(client);
	return NULL;
}

static void answer(struct client *client)
{
	json_t *json = ask(client);

	if (!client->control)
		return;
	client->answer = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(json);
	if (!client->answer) {
		end(client);
		return;
	}
	client->at = client->answer;
	client->left = strlen(client->answer);
	ev_io_stop(client->control->loop, &client->io);
	ev_io_init(&client->io, on_writable, client->io.fd, EV_WRITE);
	client->io.data = client;
	ev_io_start(client->control->loop, &client->io);
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct client *client = io->data;
	ssize_t n;

	(void)loop;
	(void)revents;
	n = recv(io->fd, client->line + client->len,
		 sizeof(client->line) - 1 - client->len, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		client->len += n;
	if (n > 0 && memchr(client->line, '\n', client->len))
		answer(client);
	else if (n <= 0 || client->len == sizeof(client->line) - 1)
		end(client);
}

static struct client *free_client(struct control *c)
{
	int i;

	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (!c->client[i].control)
			return &c->client[i];
	return NULL;
}

static void on_connection(struct ev_loop *loop, ev_io *io, int revents)
{
	struct control *c = io->data;
	struct client *client = free_client(c);
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (fd < 0)
		return;
	if (!client) {
		close(fd);
		return;
	}
	client->control = c;
	ev_io_init(&client->io, on_readable, fd, EV_READ);
	client->io.data = client;
	ev_io_start(loop, &client->io);
	ev_timer_init(&client->timer, on_patience, PATIENCE, 0);
	client->timer.data = client;
	ev_timer_start(loop, &client->timer);
}

/* The group's, if there is one; or else the owner's alone. */
static void set_permissions(const char *path)
{
	const struct group *of = getgrnam(group);

	if (of && !chown(path, -1, of->gr_gid))
		chmod(path, 0660);
}

/* A socket that nobody listens to. It is not always ours: a namespace has no files. */
static bool is_left_over(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, (const void *)at, sizeof(*at)) &&
		       errno == ECONNREFUSED;
	struct stat st;

	if (fd >= 0)
		close(fd);
	return refused && !lstat(at->sun_path, &st) && S_ISSOCK(st.st_mode);
}

static int open_socket(struct control *c, struct sw_error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t mask = umask(0177);
	int fd, rc;

	strcpy(at.sun_path, c->path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (is_left_over(&at))
		unlink(c->path);
	rc = fd < 0 || bind(fd, (void *)&at, sizeof(at)) ||
	     listen(fd, CONTROL_CLIENTS) ? errno : 0;
	umask(mask);
	if (!rc) {
		set_permissions(c->path);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return sw_fail(err, rc, "%s: %s", c->path, strerror(rc));
}

struct control *control_new(struct ev_loop *loop, const char *path,
			    const struct control_ops *ops, void *arg,
			    struct sw_error *err)
{
	struct control *c = calloc(1, sizeof(*c));
	int fd;

	if (!c || strlen(path) >= sizeof(c->path)) {
		sw_fail(err, EINVAL, "%s: too long for a socket", path);
		free(c);
		return NULL;
	}
	c->loop = loop;
	c->ops = ops;
	c->arg = arg;
	strcpy(c->path, path);
	fd = open_socket(c, err);
	if (fd < 0) {
		free(c);
		return NULL;
	}
	ev_io_init(&c->io, on_connection, fd, EV_READ);
	c->io.data = c;
	ev_io_start(loop, &c->io);
	return c;
}

void control_free(struct control *c)
{
	int i;

	if (!c)
		return;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		if (c->client[i].control)
			end(&c->client[i]);
	ev_io_stop(c->loop, &c->io);
	close(c->io.fd);
	unlink(c->path);
	free(c);
}
