/* SPDX-License-Identifier: Apache-2.0 */
/* base-lone.c - an example. */
