// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "statefile.h"

void statefile_load(struct statefile *f, const char *path,
		    void (*line)(void *arg, const char *text), void *arg)
{
	char text[192];
	FILE *file;

	memset(f, 0, sizeof(*f));
	snprintf(f->path, sizeof(f->path), "%s", path ?: "");
	file = path ? fopen(path, "re") : NULL;
	if (!file)
		return;
	while (fgets(text, sizeof(text), file))
		line(arg, text);
	fclose(file);
}

/* Return: 0 or an errno. */
static int write_new(const char *path, void (*write)(void *arg, FILE *file), void *arg)
{
	FILE *file = fopen(path, "we");
	int rc = 0;

	if (!file)
		return errno;
	write(arg, file);
	if (fflush(file) || fsync(fileno(file)))
		rc = errno;
	if (fclose(file) && !rc)
		rc = errno;
	return rc;
}

void statefile_save(struct statefile *f, void (*write)(void *arg, FILE *file),
		    void *arg)
{
	char new[STATEFILE_PATH + 4];
	int rc;

	if (!f->dirty || !*f->path)
		return;
	snprintf(new, sizeof(new), "%s.new", f->path);
	rc = write_new(new, write, arg);
	if (!rc && rename(new, f->path))
		rc = errno;
	/* Half a file only takes what room there is. */
	if (rc)
		unlink(new);
	f->dirty = rc;
	if (rc && !f->complained)
		log_say(LOG_WARNING, "%s cannot be written: %s", f->path, strerror(rc));
	f->complained = rc;
}
