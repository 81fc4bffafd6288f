/* SPDX-License-Identifier: Apache-2.0 */
/* filter.h - which traffic, as people write it: networks, ports, shares. All functions are pure;
 * what they give is the one spelling in which everything else may compare and print it. */
#pragma once
#include "base/error.h"
#include "base/str.h"

/* How many ports and ranges one list may hold. */
#define HP_FILTER_PORTS_MAX 256

/* "10.1.2.3/8" becomes "10.0.0.0/8", "10.1.2.3" "10.1.2.3/32", "fd00::1/64" "fd00::/64": bits of the
 * host are dropped, and an address alone is a network of one. Owns: the caller frees *ret.
 * Fails: HP_EINVALID - neither IPv4 nor IPv6, or a length that the family does not have. */
int hp_filter_network(const char *text, char **ret, struct hp_error *err) MUST_CHECK;

/* Append the ports of a list such as "80,443,1000-2000", each as "80" or "1000-2000"; "" gives none.
 * Fails: HP_EINVALID - an empty element, one that is no port from 0 to 65535, a range that runs
 * backwards, blanks, or more than HP_FILTER_PORTS_MAX; then nothing is appended. */
int hp_filter_ports(const char *text, struct hp_strv *ports, struct hp_error *err) MUST_CHECK;

/* Is @value a number from 0 to @most? @what names it in the error. Fails: HP_ERANGE - it is not; nor
 * is what is no number at all. */
int hp_filter_share(const char *what, double value, double most,
		    struct hp_error *err) MUST_CHECK;
