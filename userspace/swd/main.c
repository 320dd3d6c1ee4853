// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cap-ng.h>
#include <ev.h>
#include <systemd/sd-daemon.h>

#include "daemon.h"
#include "log.h"

/* Exit codes */
enum {
	OK	= 0,
	USAGE	= 1,	/* the command line, or the configuration */
	FAILED	= 2,
};

struct options {
	const char	*config;	/* NULL for the default */
	const char	*dev;
	bool		check;
	int		level;
};

static const char usage[] =
	"Usage: swd [-c FILE] [-v] [--check] [DEV]\n"
	"\n"
	"  -c, --config FILE  (/etc/skywire/DEV.conf, if there is one)\n"
	"      --check        read the configuration, and end\n"
	"  -v, --verbose      tell more\n"
	"      --version\n"
	"  DEV                the device (sw0); made if it is not there\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", no_argument, NULL, 'C' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Return: -1 to go on, or an exit code. */
static int take_option(struct options *o, int option)
{
	switch (option) {
	case 'c':
		o->config = optarg;
		return -1;
	case 'C':
		o->check = true;
		return -1;
	case 'v':
		o->level = LOG_DEBUG;
		return -1;
	case 'V':
		puts("swd " SWD_VERSION);
		return OK;
	case 'h':
		fputs(usage, stdout);
		return OK;
	default:
		fputs(usage, stderr);
		return USAGE;
	}
}

static int read_options(struct options *o, int argc, char **argv)
{
	int option, rc;

	while ((option = getopt_long(argc, argv, "c:vh", long_options, NULL)) != -1) {
		rc = take_option(o, option);
		if (rc >= 0)
			return rc;
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		return USAGE;
	}
	if (optind < argc)
		o->dev = argv[optind];
	if (!*o->dev || strlen(o->dev) >= IF_NAMESIZE || strchr(o->dev, '/')) {
		fprintf(stderr, "swd: '%.40s' is no name of a device\n", o->dev);
		return USAGE;
	}
	return -1;
}

static int read_config(const struct options *o, struct config *config)
{
	struct sw_error err;

	if (!config_read(config, o->dev, o->config, &err) && !daemon_check(config, &err))
		return OK;
	fprintf(stderr, "swd: %s\n", err.text);
	return USAGE;
}

/* By SIGUSR1, for another daemon that is to go on from here. */
static void on_signal(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)revents;
	*(bool *)w->data = w->signum == SIGUSR1;
	log_say(LOG_INFO, "%s: ending", strsignal(w->signum));
	ev_break(loop, EVBREAK_ALL);
}

/* All that needs more is open: the rest can be done with this alone. */
static void drop_privileges(void)
{
	/* Bounds take a capability of their own. */
	capng_select_t what = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) ?
			      CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;

	capng_clear(CAPNG_SELECT_BOTH);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_ADMIN);
	if (capng_apply(what))
		log_say(LOG_WARNING, "capabilities that are not needed stay");
}

static void on_hangup(struct ev_loop *loop, ev_signal *w, int revents)
{
	(void)loop;
	(void)revents;
	daemon_reload(w->data);
}

static void watch_signal(struct ev_loop *loop, ev_signal *w, int signum, bool *keeps)
{
	ev_signal_init(w, on_signal, signum);
	w->data = keeps;
	ev_signal_start(loop, w);
}

static int run(const struct options *o, struct config *config)
{
	struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
	struct sw_error err;
	struct daemon *d;
	ev_signal term, interrupt, handover, hangup;
	bool keeps = true;

	/* An algorithm's program may end while it is written to. */
	signal(SIGPIPE, SIG_IGN);
	d = daemon_start(loop, config, o->config, o->dev, &err);
	if (!d) {
		log_say(LOG_ERR, "%s", err.text);
		return FAILED;
	}
	watch_signal(loop, &term, SIGTERM, &keeps);
	watch_signal(loop, &interrupt, SIGINT, &keeps);
	watch_signal(loop, &handover, SIGUSR1, &keeps);
	ev_signal_init(&hangup, on_hangup, SIGHUP);
	hangup.data = d;
	ev_signal_start(loop, &hangup);
	drop_privileges();
	log_say(LOG_INFO, "running");
	sd_notify(0, "READY=1");
	ev_run(loop, 0);
	if (keeps)
		daemon_stop(d);
	else
		daemon_end(d);
	ev_loop_destroy(loop);
	return OK;
}

int main(int argc, char **argv)
{
	struct options o = { .dev = "sw0", .level = LOG_INFO };
	struct config config;
	int rc = read_options(&o, argc, argv);

	if (rc >= 0)
		return rc;
	log_set(o.level, o.dev);
	rc = read_config(&o, &config);
	if (!rc && !o.check)
		rc = run(&o, &config);
	config_free(&config);
	return rc;
}
