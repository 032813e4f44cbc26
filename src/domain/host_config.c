/* The host's own configuration: its keys, defaults and rules. */
#include <string.h>

#include "base/bind.h"
#include "domain/netplan.h"
#include "domain/spec.h"
#include "spec_rules.h"

#define FIELD(member) .key = #member, .offset = offsetof(struct host_config, member)

static const struct bind_field host_fields[] = {
	{ FIELD(pool), .kind = BIND_STRING, .def = "10.231.0.0/16", .pattern = "[0-9.]+/[0-9]+",
	  .max_len = 18, .want = "an IPv4 network, ADDRESS/PREFIX",
	  .help = "Network that tenants' own networks, of eight addresses each, are cut from." },
	{ FIELD(egress_subnet), .kind = BIND_STRING, .def = "10.230.0.0/16",
	  .pattern = "[0-9.]+/[0-9]+", .max_len = 18, .want = "an IPv4 network, ADDRESS/PREFIX",
	  .help = "Network on which all gateways reach the outside; one address for each tenant." },
	/* systemd's UIDS-GIDS.md leaves 1879048192 to 2147483647 to nobody */
	{ FIELD(uid_base), .kind = BIND_INT, .min = 65536, .max = 4294900000, .def = "1879048192",
	  .help = "First of the user ids handed to tenants, two for each." },
	{ FIELD(port_base), .kind = BIND_INT, .min = 1024, .max = 65535, .def = "18000",
	  .help = "First of the ports on 127.0.0.1 that listen: auto hands out." },
	{ FIELD(gateway_image), .kind = BIND_STRING, .def = "tenantctl-gateway:2",
	  .pattern = IMAGE_PATTERN, .max_len = 512, .want = IMAGE_WANT,
	  .help = "Image of the gateways." },
	{ FIELD(gateway_archive), .kind = BIND_STRING,
	  .def = TENANTCTL_DATADIR "/gateway-image.tar", .pattern = "/.+", .max_len = 1024,
	  .want = "an absolute path",
	  .help = "Archive that the gateway image is loaded from when the engine lacks it." },
	{ FIELD(resolver), .kind = BIND_STRING, .def = "127.0.0.11:53", .pattern = "[0-9.]+:[0-9]+",
	  .max_len = 21, .want = "an IPv4 address and a port",
	  .help = "Resolver that the gateways ask; by default the engine's own." },
};
const struct bind_table host_config_table = {
	.name = "host configuration",
	.size = sizeof(struct host_config),
	.fields = host_fields,
	.count = ARRAY_SIZE(host_fields),
};

void host_config_free(struct host_config *h)
{
	bind_free(&host_config_table, h);
}

void host_config_defaults(struct host_config *out)
{
	bind_defaults(&host_config_table, out);
}

static int check_networks(const struct host_config *h, const struct doc *d, struct err *e)
{
	struct err why = ERR_INIT;
	struct ipv4_net pool, egress;

	if (ipv4_net_parse(h->pool, &pool, &why))
		return doc_error(d, "pool", e, "%s", why.message);
	if (ipv4_net_parse(h->egress_subnet, &egress, &why))
		return doc_error(d, "egress_subnet", e, "%s", why.message);
	if (ipv4_net_overlaps(&pool, &egress))
		return doc_error(d, "egress_subnet", e, "%s overlaps pool, %s", h->egress_subnet,
				 h->pool);
	int64_t slots = netplan_slots(h);
	if (slots < 1)
		return doc_error(d, pool.prefix > 29 ? "pool" : "egress_subnet", e,
				 "there is no room for a single tenant");
	/* (uid_t)-1 means "no change" to chown(2) and friends */
	if (h->uid_base + 2 * slots > UINT32_MAX)
		return doc_error(d, "uid_base", e, "%lld tenants do not fit behind it",
				 (long long)slots);
	return 0;
}

static int check_resolver(const struct host_config *h, const struct doc *d, struct err *e)
{
	const char *colon = strchr(h->resolver, ':');
	struct err why = ERR_INIT;
	char address[24] = "";
	uint32_t ip = 0;
	int64_t port = 0;

	memcpy(address, h->resolver, (size_t)(colon - h->resolver));
	if (ipv4_parse(address, &ip, &why) || bind_parse_int(colon + 1, 1, UINT16_MAX, &port, &why))
		return doc_error(d, "resolver", e, "%s", why.message);
	return 0;
}

static int check_host(const struct host_config *h, const struct doc *d, struct err *e)
{
	const char *problem = image_problem(h->gateway_image);

	if (problem)
		return doc_error(d, "gateway_image", e, "%s", problem);
	problem = path_problem(h->gateway_archive);
	if (problem)
		return doc_error(d, "gateway_archive", e, "%s", problem);
	return check_networks(h, d, e) || check_resolver(h, d, e) ? -1 : 0;
}

/* The file as it is shipped: every key commented out. */
static bool is_blank(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		if (*text == '#') {
			const char *newline = memchr(text, '\n', (size_t)(end - text));
			text = newline ? newline : end;
		} else if (!strchr(" \n", *text++)) {
			return false;
		}
	}
	return true;
}

int host_config_parse(const char *text, size_t len, const char *file, struct host_config *out,
		      struct err *e)
{
	struct doc_limits limits = DOC_LIMITS_MANIFEST;
	auto_doc struct doc *d = NULL;
	struct host_config h = { 0 };

	if (is_blank(text, len)) {
		host_config_defaults(&h);
		*out = h;
		return 0;
	}
	if (doc_parse_yaml(text, len, file, &limits, &d, e) ||
	    bind_read(&host_config_table, BIND_STRICT, d, doc_root(d), "", &h, e))
		return -1;
	if (check_host(&h, d, e)) {
		host_config_free(&h);
		return -1;
	}
	*out = h;
	return 0;
}
