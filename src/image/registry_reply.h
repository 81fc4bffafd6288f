/* SPDX-License-Identifier: Apache-2.0 */
/* registry_reply.h - what a registry's answers say beside their bodies. */
#pragma once
#include "base/buf.h"
#include "image/registry.h"
#include "net/http.h"

/* Fill the fields of @f that the headers tell. */
void hp_registry__read_head(const struct hp_http_transfer *t, struct hp_fetch *f);
/* Where the bytes of a partial answer begin. Returns: false when the header does not say.
 * From: RFC 9110 section 14.4. */
bool hp_registry__range_start(const char *content_range, int64_t *ret_from);
/* How long to wait, at most a minute; -1 when the header does not say.
 * From: RFC 9110 section 10.2.3. */
int64_t hp_registry__retry_after_ms(const char *retry_after);
/* May the same request succeed later? */
bool hp_registry__is_busy(int status);
/* Say why the registry refused, in its own words if @body has any. Returns: -1.
 * From: distribution-spec spec.md, "Error Codes". */
int hp_registry__refused(int status, struct hp_bytes body, struct hp_error *err);
