/* SPDX-License-Identifier: Apache-2.0 */
/* x509.h - how long a certificate is good for; nothing else of it is read. From: RFC 5280 section 4.1;
 * X.690, DER; RFC 7468, PEM. */
#pragma once
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* The first certificate in the PEM text @pem. ret: Unix time in seconds.
 * Fails: HP_ECORRUPT - there is none, or it is not what it should be. */
int hp_x509_validity(struct hp_bytes pem, int64_t *ret_not_before, int64_t *ret_not_after,
		     struct hp_error *err) MUST_CHECK;
