// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <net/if.h>
#include <stdarg.h>
#include <string.h>

#include "swctl.h"

enum { COLUMNS = 80 };

/* So that several can be arguments of one printf. */
static char *next_buffer(void)
{
	static char ring[8][SW_VALUE_TEXT];
	static unsigned int turn;

	return ring[turn++ % ARRAY_SIZE(ring)];
}

static bool is_index(const struct sw_object *obj, unsigned int type)
{
	return obj->set == sw_set_of(SKYWIRE_CMD_KEY_GET) &&
		(type == SKYWIRE_A_KEY_RX_INDEX || type == SKYWIRE_A_KEY_TX_INDEX);
}

const char *str(const struct sw_object *obj, unsigned int type)
{
	if (is_index(obj, type))
		return str_index(obj, type);
	return sw_object_text(obj, type, next_buffer());
}

const char *str_bytes(__u64 bytes)
{
	static const char prefixes[] = "KMGTPE";
	char *buf = next_buffer();
	double value = bytes;
	int i = -1;

	if (bytes < 1024) {
		sprintf(buf, "%u B", (unsigned int)bytes);
		return buf;
	}
	/* What rounding would make 1024 is 1 of the next unit. */
	for (; value >= 1023.995; value /= 1024)
		i++;
	sprintf(buf, "%.2f %ciB", value, prefixes[i]);
	return buf;
}

const char *str_time(__u64 milliseconds)
{
	static const struct {
		unsigned int seconds, smaller;
		const char *unit, *next;
	} units[] = {
		{ 86400, 3600, "d", "h" },
		{ 3600, 60, "h", "min" },
		{ 60, 1, "min", "s" },
	};
	__u64 s = milliseconds / 1000;
	char *buf = next_buffer();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (s < units[i].seconds)
			continue;
		sprintf(buf, "%llu %s %llu %s", s / units[i].seconds, units[i].unit,
			s % units[i].seconds / units[i].smaller, units[i].next);
		return buf;
	}
	sprintf(buf, "%llu s", s);
	return buf;
}

const char *str_endpoint(const struct sw_object *link)
{
	bool v6 = sw_object_len(link, SKYWIRE_A_LINK_REMOTE) == 16;
	char *buf = next_buffer();

	if (!sw_object_has(link, SKYWIRE_A_LINK_REMOTE))
		return "none";
	if (!sw_object_has(link, SKYWIRE_A_LINK_REMOTE_PORT))
		return str(link, SKYWIRE_A_LINK_REMOTE);
	sprintf(buf, "%s%s%s:%s", v6 ? "[" : "", str(link, SKYWIRE_A_LINK_REMOTE),
		v6 ? "]" : "", str(link, SKYWIRE_A_LINK_REMOTE_PORT));
	return buf;
}

const char *str_prefix(const struct sw_object *prefix)
{
	char *buf = next_buffer();

	sprintf(buf, "%s/%s", str(prefix, SKYWIRE_A_PREFIX_PREFIX),
		str(prefix, SKYWIRE_A_PREFIX_LENGTH));
	return buf;
}

const char *str_index(const struct sw_object *key, unsigned int type)
{
	char *buf = next_buffer();

	sprintf(buf, "0x%08llx", sw_object_uint(key, type));
	return buf;
}

/* Names are those of this namespace: the links' may be another. */
const char *str_oif(const struct sw_object *link)
{
	__u32 dev = sw_object_uint(link, SKYWIRE_A_LINK_IFINDEX);
	__u32 oif = sw_object_uint(link, SKYWIRE_A_LINK_OIF);
	static struct sw_iface iface;
	char *buf = next_buffer();

	if (!oif)
		return "any";
	if (iface.index != dev && sw_iface_get(&iface, dev, NULL))
		iface.elsewhere = true;
	if (iface.elsewhere || !if_indextoname(oif, buf))
		sprintf(buf, "if%u", oif);
	return buf;
}

const char *str_interface(const struct sw_object *link)
{
	__u32 oif = sw_object_uint(link, SKYWIRE_A_LINK_OIF);
	char *buf;

	if (!sw_object_has(link, SKYWIRE_A_LINK_INTERFACE))
		return oif ? str_oif(link) : "";
	buf = next_buffer();
	sprintf(buf, "%s%s", str(link, SKYWIRE_A_LINK_INTERFACE),
		oif ? "" : " (not there)");
	return buf;
}

static void wrap_newline(struct wrap *w)
{
	printf("\n%*s", w->indent, "");
	w->column = w->indent;
}

void wrap_item(struct wrap *w, const char *fmt, ...)
{
	char item[SW_VALUE_TEXT];
	unsigned int len;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(item, sizeof(item), fmt, ap);
	va_end(ap);
	len = strlen(item);
	if (w->begun) {
		putchar(',');
		w->column++;
		/* One column more, for the comma that may follow. */
		if (w->column + 1 + len + 1 > COLUMNS) {
			wrap_newline(w);
		} else {
			putchar(' ');
			w->column++;
		}
	}
	fputs(item, stdout);
	w->column += len;
	w->begun = true;
}

void wrap_labels(const struct sw_object *path, unsigned int column)
{
	const __u8 *bytes = sw_object_bytes(path, SKYWIRE_A_PATH_LABELS);
	size_t i, len = sw_object_len(path, SKYWIRE_A_PATH_LABELS);
	struct wrap w = { .indent = column, .column = column };

	for (i = 0; i + 1 < len; i += 2)
		wrap_item(&w, "%u", bytes[i] << 8 | bytes[i + 1]);
	if (!len)
		fputs("none", stdout);
}

bool any_wanted(const struct sw_messages *list, want_fn want, const void *arg)
{
	struct sw_object obj;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (!sw_object_read(&obj, list->msg[i]) && want(&obj, arg))
			return true;
	return false;
}

int print_list(struct ctx *ctx, const struct sw_messages *list, print_fn print,
	       want_fn want, const void *arg)
{
	json_t *array = ctx->json ? json_array() : NULL;
	struct sw_object obj;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (sw_object_read(&obj, list->msg[i]) || (want && !want(&obj, arg)))
			continue;
		if (array)
			json_array_append_new(array, json_of_object(&obj));
		else
			print(&obj);
	}
	return array ? json_print(ctx, array) : SWCTL_OK;
}

int print_new(struct ctx *ctx, const struct request *req,
	      const struct sw_messages *reply, __u16 type)
{
	struct sw_object obj;

	if (ctx->json)
		return print_list(ctx, reply, NULL, NULL, NULL);
	if (!type || request_has(req, type) || !reply->count ||
	    sw_object_read(&obj, reply->msg[0]))
		return SWCTL_OK;
	printf("%s %s\n", obj.set->attr[type].name, str(&obj, type));
	return SWCTL_OK;
}
