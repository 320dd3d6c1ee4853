// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ev.h>

#include <skywire/types.h>

#include "stream.h"

/* What waits begins at @at, and does not wrap. */
struct follower {
	struct stream	*stream;	/* NULL: not in use */
	ev_io		read;		/* tells when it goes */
	ev_io		write;
	char		*buf;		/* STREAM_ROOM */
	size_t		at;
	size_t		len;
	__u64		lost;
};

struct stream {
	struct ev_loop	*loop;
	struct follower	follower[STREAM_CLIENTS];
};

static void end(struct follower *f)
{
	ev_io_stop(f->stream->loop, &f->read);
	ev_io_stop(f->stream->loop, &f->write);
	close(f->read.fd);
	free(f->buf);
	memset(f, 0, sizeof(*f));
}

/* Return: false where there is no room for the whole line. */
static bool append(struct follower *f, const char *line, size_t len)
{
	if (f->len + len + 1 > STREAM_ROOM)
		return false;
	if (f->at + f->len + len + 1 > STREAM_ROOM) {
		memmove(f->buf, f->buf + f->at, f->len);
		f->at = 0;
	}
	memcpy(f->buf + f->at + f->len, line, len);
	f->buf[f->at + f->len + len] = '\n';
	f->len += len + 1;
	return true;
}

/* Before anything that comes after them. */
static bool tell_losses(struct follower *f)
{
	char line[96];
	int len;

	if (!f->lost)
		return true;
	len = snprintf(line, sizeof(line),
		       "{\"object\":\"events\",\"event\":\"lost\",\"count\":%llu}",
		       (unsigned long long)f->lost);
	if (!append(f, line, len))
		return false;
	f->lost = 0;
	return true;
}

static void on_writable(struct ev_loop *loop, ev_io *io, int revents)
{
	struct follower *f = io->data;
	ssize_t n = send(io->fd, f->buf + f->at, f->len, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)revents;
	if (n < 0 && errno != EAGAIN) {
		end(f);
		return;
	}
	if (n > 0) {
		f->at += n;
		f->len -= n;
	}
	if (f->len)
		return;
	f->at = 0;
	tell_losses(f);
	if (!f->len)
		ev_io_stop(loop, io);
}

/* It has nothing to say: whatever comes is ignored, or its end. */
static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
	char ignored[256];
	ssize_t n = recv(io->fd, ignored, sizeof(ignored), MSG_DONTWAIT);

	(void)loop;
	(void)revents;
	if (!n || (n < 0 && errno != EAGAIN))
		end(io->data);
}

static void give(struct follower *f, const char *line)
{
	if (tell_losses(f) && append(f, line, strlen(line)))
		ev_io_start(f->stream->loop, &f->write);
	else
		f->lost++;
}

bool stream_is_followed(const struct stream *s)
{
	int i;

	for (i = 0; i < STREAM_CLIENTS; i++)
		if (s->follower[i].stream)
			return true;
	return false;
}

void stream_tell(struct stream *s, json_t *event)
{
	char *line = json_dumps(event, JSON_COMPACT);
	int i;

	json_decref(event);
	for (i = 0; line && i < STREAM_CLIENTS; i++)
		if (s->follower[i].stream)
			give(&s->follower[i], line);
	free(line);
}

static struct follower *free_follower(struct stream *s)
{
	int i;

	for (i = 0; i < STREAM_CLIENTS; i++)
		if (!s->follower[i].stream)
			return &s->follower[i];
	return NULL;
}

static void begin(struct stream *s, struct follower *f, int fd)
{
	f->stream = s;
	ev_io_init(&f->read, on_readable, fd, EV_READ);
	f->read.data = f;
	ev_io_init(&f->write, on_writable, fd, EV_WRITE);
	f->write.data = f;
	ev_io_start(s->loop, &f->read);
}

bool stream_add(struct stream *s, int fd, json_t *first)
{
	struct follower *f = free_follower(s);
	char *line = json_dumps(first, JSON_COMPACT);

	json_decref(first);
	if (f)
		f->buf = malloc(STREAM_ROOM);
	if (!f || !f->buf || !line) {
		free(line);
		if (f) {
			free(f->buf);
			f->buf = NULL;
		}
		return false;
	}
	begin(s, f, fd);
	give(f, line);
	free(line);
	return true;
}

struct stream *stream_new(struct ev_loop *loop)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (s)
		s->loop = loop;
	return s;
}

void stream_free(struct stream *s)
{
	int i;

	if (!s)
		return;
	for (i = 0; i < STREAM_CLIENTS; i++)
		if (s->follower[i].stream)
			end(&s->follower[i]);
	free(s);
}
