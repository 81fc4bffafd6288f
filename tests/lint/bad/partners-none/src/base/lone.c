/* SPDX-License-Identifier: Apache-2.0 */
/* lone.c - an example. */
