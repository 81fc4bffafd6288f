/* SPDX-License-Identifier: Apache-2.0 */
/* base-gone.c - an example. */
