// SPDX-License-Identifier: GPL-2.0
#include <limits.h>
#include <string.h>

#include "swctl.h"

const char *json_name(const char *name)
{
	static char buf[64];
	size_t i;

	for (i = 0; name[i] && i < sizeof(buf) - 1; i++)
		buf[i] = name[i] == '-' ? '_' : name[i];
	buf[i] = '\0';
	return buf;
}

/* JSON integers here have 63 bits, which no counter fills. */
static json_t *of_uint(__u64 value)
{
	return json_integer(value > LLONG_MAX ? LLONG_MAX : (json_int_t)value);
}

static json_t *of_labels(const struct sw_object *obj, unsigned int type)
{
	const __u8 *bytes = sw_object_bytes(obj, type);
	size_t i, len = sw_object_len(obj, type);
	json_t *array = json_array();

	for (i = 0; i + 1 < len; i += 2)
		json_array_append_new(array, of_uint(bytes[i] << 8 | bytes[i + 1]));
	return array;
}

static json_t *of_attr(const struct sw_object *obj, unsigned int type)
{
	const struct sw_attr *attr = &obj->set->attr[type];
	__u64 value = sw_object_uint(obj, type);
	char text[SW_VALUE_TEXT];

	switch (attr->kind) {
	case SW_KIND_UINT:
	case SW_KIND_PORT:
		return of_uint(value);
	case SW_KIND_ENUM:
		/* A newer module may have values that have no name here. */
		if (!attr->value_name(value))
			return of_uint(value);
		break;
	case SW_KIND_FLAG:
		return json_boolean(sw_object_has(obj, type));
	case SW_KIND_LABELS:
		return of_labels(obj, type);
	case SW_KIND_PAD:
	case SW_KIND_NEST:
		return NULL;
	default:
		break;
	}
	return json_string(sw_object_text(obj, type, text));
}

json_t *json_of_object(const struct sw_object *obj)
{
	json_t *json = json_object();
	unsigned int type;

	for (type = 0; type <= obj->set->max; type++) {
		const struct sw_attr *attr = &obj->set->attr[type];

		/* A flag that is absent is false, not unknown. */
		if (!sw_object_has(obj, type) && attr->kind != SW_KIND_FLAG)
			continue;
		json_object_set_new(json, json_name(attr->name ?: ""),
				    of_attr(obj, type));
	}
	return json;
}

int json_print(struct ctx *ctx, json_t *json)
{
	size_t flags = ctx->pretty ? JSON_INDENT(4) : JSON_COMPACT;
	int rc = json_dumpf(json, stdout, flags);

	json_decref(json);
	if (rc)
		return complain(SWCTL_USAGE, "writing JSON failed");
	putchar('\n');
	return SWCTL_OK;
}
