/* SPDX-License-Identifier: Apache-2.0 */
/* x.h - an example. */
#pragma once
size_t hp_x_size(void);
