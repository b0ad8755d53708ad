/* apps: weft_addr from and to sockaddr, and the addresses of this machine's interfaces. */
#ifndef APPS_SOCKADDR_H
#define APPS_SOCKADDR_H

#include <sys/socket.h>

#include <weft/base/addr.h>

socklen_t app_sockaddr_from(struct sockaddr_storage *ss, const weft_addr *a);
void app_sockaddr_to(weft_addr *a, const struct sockaddr_storage *ss);
/* Addresses of that family that are up, loopback last, link-local left out; returns how many were written. */
size_t app_interfaces(uint8_t family, weft_addr *out, size_t cap);
/* The same of one interface. */
size_t app_interface(const char *name, uint8_t family, weft_addr *out, size_t cap);

#endif
