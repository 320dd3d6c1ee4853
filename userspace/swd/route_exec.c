// SPDX-License-Identifier: GPL-2.0
/*
 * The algorithm "exec": a program of the user's. It is started when the map has
 * changed, or another node is asked for; it gets the map as JSON on its standard
 * input, says paths as JSON on its standard output, and ends with status 0. What
 * it said is used until it has said something else; a path that the map does not
 * bear out is left out.
 *
 * At most one runs at a time, for 30 seconds and 16 MiB of output at most. The
 * event loop drives it: no function waits for the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "route_exec.h"

#define SECOND		1000000000ULL
#define RUN_MAX		(30 * SECOND)
/* Changes come several at once, and programs may take long. Packets wait for targets. */
#define DELAY		(SECOND / 2)
#define DELAY_TARGET	(SECOND / 50)
#define PAUSE		SECOND

struct exec {
	struct routing		*routing;
	char			*program;
	struct exec_paths	*answer;
	struct exec_target	targets[EXEC_TARGETS_MAX];
	unsigned int		target_count;
	__u64			not_before;	/* when it may be started again */
	__u64			start_at;	/* 0: nothing has changed */
	/* While it runs: */
	pid_t			pid;	/* 0 otherwise */
	__u64			deadline;
	int			pidfd;
	int			in;	/* its standard input; -1 once it has all */
	int			out;	/* its standard output; -1 once it has closed it */
	char			*text;	/* for its standard input */
	size_t			len;
	size_t			written;
	char			*said;
	size_t			said_len;
	size_t			said_room;
};

static void report(struct exec *exec, const char *what)
{
	struct sw_error text;

	sw_fail(&text, 0, "%s: %s", exec->program, what);
	exec->routing->host->report(exec->routing->context, text.text);
}

static void watch(struct exec *exec, int fd, int events)
{
	exec->routing->host->watch(exec->routing->context, fd, events);
}

static void set_timer(struct exec *exec)
{
	struct routing *routing = exec->routing;

	if (exec->pid)
		routing->host->timer(routing->context, exec->deadline);
	else if (exec->start_at)
		routing->host->timer(routing->context, exec->start_at);
}

static void close_fd(struct exec *exec, int *fd)
{
	if (*fd < 0)
		return;
	watch(exec, *fd, 0);
	close(*fd);
	*fd = -1;
}

static void clean_up(struct exec *exec)
{
	close_fd(exec, &exec->in);
	close_fd(exec, &exec->out);
	close_fd(exec, &exec->pidfd);
	free(exec->text);
	free(exec->said);
	exec->text = NULL;
	exec->said = NULL;
	exec->said_len = 0;
	exec->said_room = 0;
	exec->pid = 0;
}

/* It was there as long as it was not waited for: the number is still its own. */
static void kill_program(struct exec *exec)
{
	siginfo_t info;

	kill(exec->pid, SIGKILL);
	waitid(P_PID, exec->pid, &info, WEXITED);
	clean_up(exec);
}

static int spawn(struct exec *exec, const int in[2], const int out[2])
{
	char *const argv[] = { exec->program, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t set;
	int rc;

	/* Of glibc these cannot fail. The daemon ignores SIGPIPE, its child does not. */
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &set);
	posix_spawnattr_setflags(&attributes,
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO) ?:
	     posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) ?:
	     posix_spawn(&exec->pid, exec->program, &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (rc)
		exec->pid = 0;
	return -rc;
}

/* Our ends of the pipes do not block; the program's do. */
static int connect_program(struct exec *exec)
{
	int in[2], out[2], rc;

	if (pipe2(in, O_CLOEXEC))
		return -errno;
	if (pipe2(out, O_CLOEXEC)) {
		rc = -errno;
		close(in[0]);
		close(in[1]);
		return rc;
	}
	exec->in = in[1];
	exec->out = out[0];
	watch(exec, exec->in, ROUTING_WRITE);
	watch(exec, exec->out, ROUTING_READ);
	if (fcntl(in[1], F_SETFL, O_NONBLOCK) || fcntl(out[0], F_SETFL, O_NONBLOCK))
		rc = -errno;
	else
		rc = spawn(exec, in, out);
	close(in[0]);
	close(out[1]);
	return rc;
}

static int run(struct exec *exec)
{
	int rc;

	exec->text = exec_describe(exec->routing->graph, exec->targets,
				   exec->target_count, &exec->len);
	if (!exec->text)
		return -ENOMEM;
	exec->written = 0;
	rc = connect_program(exec);
	if (rc)
		return rc;
	exec->pidfd = (int)syscall(SYS_pidfd_open, exec->pid, 0);
	if (exec->pidfd < 0)
		return -errno;
	watch(exec, exec->pidfd, ROUTING_READ);
	return 0;
}

static void start_program(struct exec *exec, __u64 now)
{
	int rc;

	exec->start_at = 0;
	exec->deadline = now + RUN_MAX;
	exec->not_before = now + PAUSE;
	rc = run(exec);
	if (!rc)
		return;
	report(exec, strerror(-rc));
	if (exec->pid)
		kill_program(exec);
	else
		clean_up(exec);
}

static void write_more(struct exec *exec)
{
	ssize_t count = write(exec->in, exec->text + exec->written,
			      exec->len - exec->written);

	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count > 0)
		exec->written += (size_t)count;
	/* A program that does not want to know more may close it. */
	if (count < 0 || exec->written == exec->len)
		close_fd(exec, &exec->in);
}

static void give_up(struct exec *exec, const char *why)
{
	report(exec, why);
	kill_program(exec);
	set_timer(exec);
	exec->routing->host->updated(exec->routing->context);
}

static bool has_room(struct exec *exec)
{
	size_t room = exec->said_room ? exec->said_room * 2 : 65536;
	char *said;

	if (exec->said_len < exec->said_room)
		return true;
	said = realloc(exec->said, room);
	if (!said)
		return false;
	exec->said = said;
	exec->said_room = room;
	return true;
}

static void read_more(struct exec *exec)
{
	ssize_t count;

	if (!has_room(exec)) {
		give_up(exec, "no memory for what it says");
		return;
	}
	count = read(exec->out, exec->said + exec->said_len,
		     exec->said_room - exec->said_len);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (count <= 0) {
		close_fd(exec, &exec->out);
		return;
	}
	exec->said_len += (size_t)count;
	if (exec->said_len > EXEC_ANSWER_MAX)
		give_up(exec, "says too much");
}

static void use_answer(struct exec *exec)
{
	struct sw_error err;

	if (exec_understand(&exec->answer, exec->said ?: "", exec->said_len, &err))
		report(exec, err.text);
}

/* All that it has said before is in the pipe. */
static void read_rest(struct exec *exec)
{
	size_t before;

	do {
		before = exec->said_len;
		if (exec->pid && exec->out >= 0)
			read_more(exec);
	} while (exec->pid && exec->out >= 0 && exec->said_len != before);
}

static void program_ended(struct exec *exec)
{
	siginfo_t info = { 0 };

	read_rest(exec);
	if (!exec->pid)
		return;
	if (waitid(P_PIDFD, (id_t)exec->pidfd, &info, WEXITED))
		report(exec, "its end was seen by somebody else");
	else if (info.si_code != CLD_EXITED || info.si_status)
		report(exec, "failed");
	else
		use_answer(exec);
	clean_up(exec);
	set_timer(exec);
	/* Also who has waited in vain is to know. */
	exec->routing->host->updated(exec->routing->context);
}

static void ready(struct routing *routing, int fd, int events)
{
	struct exec *exec = routing->data;

	(void)events;
	if (!exec->pid || fd < 0)
		return;
	if (fd == exec->in)
		write_more(exec);
	else if (fd == exec->out)
		read_more(exec);
	else if (fd == exec->pidfd)
		program_ended(exec);
}

static void expired(struct routing *routing)
{
	__u64 now = routing->host->now(routing->context);
	struct exec *exec = routing->data;

	if (exec->pid && exec->deadline <= now) {
		give_up(exec, "takes too long");
		return;
	}
	if (!exec->pid && exec->start_at && exec->start_at <= now)
		start_program(exec, now);
	set_timer(exec);
}

static void run_soon(struct exec *exec, __u64 delay)
{
	__u64 at = exec->routing->host->now(exec->routing->context) + delay;

	if (at < exec->not_before)
		at = exec->not_before;
	if (exec->start_at && exec->start_at <= at)
		return;
	exec->start_at = at;
	set_timer(exec);
}

static void changed(struct routing *routing, __u32 from, __u32 to)
{
	(void)from;
	(void)to;
	run_soon(routing->data, DELAY);
}

static void add_target(struct exec *exec, const __u8 *key)
{
	unsigned int i;

	for (i = 0; i < exec->target_count; i++)
		if (!memcmp(exec->targets[i].key, key, SW_KEY_LEN))
			return;
	/* Of too many the longest known goes. */
	if (exec->target_count == EXEC_TARGETS_MAX)
		memmove(exec->targets, exec->targets + 1,
			--exec->target_count * sizeof(exec->targets[0]));
	memcpy(exec->targets[exec->target_count++].key, key, SW_KEY_LEN);
	run_soon(exec, DELAY_TARGET);
}

static int routes_to(struct routing *routing, const __u8 key[SW_KEY_LEN],
		     const struct routing_policy *policy, struct route *routes)
{
	struct exec *exec = routing->data;
	const struct exec_paths *paths;
	struct route_arcs arcs[ROUTES_MAX];
	unsigned int i, count = 0;

	add_target(exec, key);
	paths = exec_find(exec->answer, key);
	for (i = 0; paths && i < paths->count && count < policy->paths; i++) {
		const struct exec_path *path = &paths->paths[i];

		if (!route_find(routing->graph, path->link, path->labels, path->count,
				&arcs[count]) ||
		    memcmp(graph_at(routing->graph, route_end(routing->graph, &arcs[count]))->key,
			   key, SW_KEY_LEN) ||
		    !route_describe(routing->graph, &arcs[count], &routes[count]))
			continue;
		routes[count].cost = count;
		count++;
	}
	route_compare(routing->graph, arcs, routes, count);
	/* It has not been asked about this one yet, or not answered. */
	if (!paths && (exec->pid || exec->start_at))
		return -EAGAIN;
	return (int)count;
}

static int check(const char *argument, struct sw_error *err)
{
	if (!argument || argument[0] != '/')
		return sw_fail(err, EINVAL, "exec needs the absolute path of a program");
	return access(argument, X_OK) ? sw_fail(err, errno, "%s: %m", argument) : 0;
}

static int start(struct routing *routing, const char *argument, struct sw_error *err)
{
	int rc = check(argument, err);
	struct exec *exec;

	if (rc)
		return rc;
	exec = calloc(1, sizeof(*exec));
	if (!exec)
		return sw_fail(err, ENOMEM, "no memory");
	exec->program = strdup(argument);
	if (!exec->program) {
		free(exec);
		return sw_fail(err, ENOMEM, "no memory");
	}
	exec->routing = routing;
	exec->in = -1;
	exec->out = -1;
	exec->pidfd = -1;
	routing->data = exec;
	run_soon(exec, DELAY);
	return 0;
}

static void stop(struct routing *routing)
{
	struct exec *exec = routing->data;

	if (exec->pid)
		kill_program(exec);
	exec_forget(&exec->answer);
	free(exec->program);
	free(exec);
}

const struct routing_algorithm routing_exec = {
	.name = "exec",
	.check = check,
	.start = start,
	.stop = stop,
	.changed = changed,
	.routes = routes_to,
	.ready = ready,
	.expired = expired,
};
