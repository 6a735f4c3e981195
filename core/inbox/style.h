/* SPDX-License-Identifier: ISC */
/*
 * How the page looks: light and dark as the reader's system is, tables become
 * cards where there is little room.
 */
#ifndef STS_STYLE_H
#define STS_STYLE_H

extern const char sts_style[];

#endif
