/* All files from one checked configuration; see domain/gateway.h. */
#include "gateway_check.h"

int gateway_render(const struct gateway_config *c, struct strmap *out, struct err *e)
{
	auto_strbuf struct strbuf haproxy = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_strbuf struct strbuf dnsmasq = STRBUF_INIT(STRBUF_TEXT_MAX);

	if (gateway_check(c, e) < 0)
		return -1;
	gateway_add_haproxy(&haproxy, c);
	gateway_add_dnsmasq(&dnsmasq, c);
	if (haproxy.overflow || dnsmasq.overflow)
		return err_set(e, ERR_INTERNAL, "gateway: configuration is too long");
	strmap_set(out, GATEWAY_FILE_DNSMASQ, strbuf_str(&dnsmasq));
	strmap_set(out, GATEWAY_FILE_HAPROXY, strbuf_str(&haproxy));
	return 0;
}
