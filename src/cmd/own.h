/* SPDX-License-Identifier: Apache-2.0 */
/* own.h - the public types as owned variables that free themselves. */
#pragma once
#include <harpoon/harpoon.h>

#include "base/cleanup.h"

HP_AUTO_PTR(struct hp_engine, hp_engine_free);
HP_AUTO_PTR(struct hp_container, hp_container_free);
HP_AUTO_PTR(struct hp_container_list, hp_container_list_free);
HP_AUTO_PTR(struct hp_image_list, hp_image_list_free);
HP_AUTO_VALUE(struct hp_pulled, hp_pulled_clear);
HP_AUTO_PTR(struct hp_stream, hp_stream_free);
HP_AUTO_PTR(struct hp_waiter, hp_waiter_free);
HP_AUTO_PTR(struct hp_events, hp_events_free);
HP_AUTO_VALUE(struct hp_event, hp_event_clear);
HP_AUTO_VALUE(struct hp_version, hp_version_clear);
HP_AUTO_PTR(char *, hp_names_free);
