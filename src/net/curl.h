/* SPDX-License-Identifier: Apache-2.0 */
/* curl.h - libcurl, loaded when it is needed: a program that makes no HTTP request pays nothing. */
#pragma once
#include <curl/curl.h>

#include "base/error.h"

/* Its functions that we call. From: libcurl's manual pages of the same names. */
struct hp_curl {
	void *library;
	CURLcode (*global_init)(long flags);
	void (*global_cleanup)(void);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	CURLcode (*setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*getinfo)(CURL *easy, CURLINFO info, ...);
	CURLcode (*perform)(CURL *easy);
	CURLcode (*send)(CURL *easy, const void *data, size_t len, size_t *ret_n);
	CURLcode (*recv)(CURL *easy, void *data, size_t len, size_t *ret_n);
	const char *(*strerror)(CURLcode code);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_add)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *extra, unsigned n, int ms,
				int *ret_n);
	CURLMsg *(*multi_info)(CURLM *multi, int *left);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free)(struct curl_slist *list);
};

#define HP_CURL_LIBRARY "libcurl.so.4"

/* Load @library, HP_CURL_LIBRARY outside of tests, and make it ready.
 * Fails: HP_EUNSUPPORTED - it is not installed, or lacks a function; the message names the
 * package. */
int hp_curl__load(const char *library, struct hp_curl *ret, struct hp_error *err) MUST_CHECK;
void hp_curl__unload(struct hp_curl *c);
