/* Both files from one checked configuration; see domain/gateway.h. */
#include "gateway_check.h"

int gateway_render(const struct gateway_config *c, char **out_haproxy_cfg, char **out_dnsmasq_conf,
		   struct err *e)
{
	auto_strbuf struct strbuf haproxy = STRBUF_INIT(STRBUF_TEXT_MAX);
	auto_strbuf struct strbuf dnsmasq = STRBUF_INIT(STRBUF_TEXT_MAX);

	if (gateway_check(c, e) < 0)
		return -1;
	gateway_add_haproxy(&haproxy, c);
	gateway_add_dnsmasq(&dnsmasq, c);
	if (haproxy.overflow || dnsmasq.overflow)
		return err_set(e, ERR_INTERNAL, "gateway: configuration is too long");
	*out_haproxy_cfg = strbuf_take(&haproxy);
	*out_dnsmasq_conf = strbuf_take(&dnsmasq);
	return 0;
}
