#!/bin/bash
# What the archives define and import: every external name begins with weft_, never with another layer's weft_<layer>_, and
# is defined in one archive only; no import that opens a socket, reads a clock, starts a thread, draws entropy, prints, ends
# the process or reads the environment; .data and .bss are empty (constant tables with addresses lie in .data.rel.ro).
set -u
nm=${NM:-nm}
forbidden='socket|bind|listen|accept4?|connect|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg|poll|ppoll|select|
epoll_.*|getaddrinfo|gethostby.*|setsockopt|getsockopt|getifaddrs|read|write|open|openat|close|ioctl|fcntl|
time|clock|clock_.*|gettimeofday|localtime.*|gmtime.*|nanosleep|usleep|sleep|timer_.*|
pthread_.*|thrd_.*|mtx_.*|cnd_.*|fork|vfork|system|popen|exec.*|
getrandom|getentropy|rand|srand|rand_r|random|srandom|arc4random.*|drand48|RAND_.*|randombytes.*|sodium_init|mbedtls_entropy_.*|mbedtls_ctr_drbg_seed|
printf|__printf_chk|fprintf|__fprintf_chk|vprintf|vfprintf|__vfprintf_chk|puts|fputs|putchar|fputc|putc|fwrite|fopen|freopen|fflush|perror|stdout|stderr|stdin|syslog|
abort|exit|_exit|_Exit|quick_exit|atexit|raise|signal|sigaction|kill|
getenv|secure_getenv|setenv|putenv'
forbidden=$(echo "$forbidden" | tr -d '\n')

bad=0
complain() {
  echo "$1"
  bad=$((bad + 1))
}

declare -A home
layers=()
for archive in "$@"; do
  layer=${archive##*/libweft_}
  layers+=("${layer%.a}")
done

check_name() { # archive, its layer, the name
  local other
  [[ $3 == weft_* ]] || complain "$1: defines $3, which does not begin with weft_"
  for other in "${layers[@]}"; do
    [[ $other != "$2" && $3 == weft_${other}_* ]] && complain "$1: defines $3, a name of $other"
  done
  [ -z "${home[$3]:-}" ] || complain "$1: defines $3, as ${home[$3]} does"
  home[$3]=$1
}

for archive in "$@"; do
  layer=${archive##*/libweft_}
  layer=${layer%.a}

  while read -r name; do
    check_name "$archive" "$layer" "$name"
  done < <($nm -g --defined-only "$archive" 2> /dev/null | awk 'NF == 3 {print $3}')

  while read -r name; do
    [[ $name =~ ^($forbidden)$ ]] && complain "$archive: uses $name"
  done < <($nm -g --undefined-only "$archive" 2> /dev/null | awk '$1 == "U" {print $2}' | sort -u)

  while read -r section bytes object; do
    complain "$archive: $object has $bytes bytes of $section"
  done < <(size -A "$archive" 2> /dev/null | awk '
    /\.o/ {object = $1}
    ($1 == ".data" || $1 == ".bss" || $1 ~ /^\.(data|bss|tbss|tdata)\./ && $1 !~ /^\.data\.rel\.ro/) && $2 > 0 {print $1, $2, object}')
done

[ $bad = 0 ] && echo "$# archives: names, imports and data as they should be"
exit $((bad > 0))
