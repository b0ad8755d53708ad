#!/bin/bash
# Include edges follow the declared graph. Arguments: 'layer:layers it may use:its public headers' for every layer.
#
# In a layer: "x/y.h" needs x among the layers it may use; of another layer than base only public headers are used; a public
# header includes public headers alone; nothing is included as <weft/...>, and no file of apps/ or test/.
# In test/embed: only <weft/.../...> public headers and the C library's.
set -u
declare -A may public
layers=()
for a in "$@"; do
  IFS=: read -r l deps heads <<< "$a"
  layers+=("$l")
  may[$l]=" $deps "
  public[$l]=" $heads "
done

bad=0
complain() {
  echo "$1"
  bad=$((bad + 1))
}

check_edge() { # file, its layer, its name, the layer and header it includes
  local file=$1 layer=$2 name=$3 to=$4 header=$5
  if [ -z "${may[$to]+x}" ] || [[ ${may[$layer]} != *" $to "* ]]; then
    complain "$file: includes $to/$header, but $layer may use only:${may[$layer]}"
  elif [ ! -f "$to/$header" ]; then
    complain "$file: $to/$header does not exist"
  elif [[ ${public[$layer]} == *" $name "* && ${public[$to]} != *" $header "* ]]; then
    complain "$file: a public header includes the private $to/$header"
  elif [ "$to" != "$layer" ] && [ "$to" != base ] && [[ ${public[$to]} != *" $header "* ]]; then
    complain "$file: includes the private $to/$header of another layer"
  fi
}

for l in "${layers[@]}"; do
  for file in "$l"/*.[ch]; do
    [ -f "$file" ] || continue
    name=${file#"$l"/}
    while IFS= read -r inc; do
      inc=${inc#../}
      case $inc in
        '<weft/'*) complain "$file: includes $inc; inside the project it is \"layer/header.h\"" ;;
        '<'*) ;;
        */*) check_edge "$file" "$l" "$name" "${inc%%/*}" "${inc#*/}" ;;
        *) check_edge "$file" "$l" "$name" "$l" "$inc" ;;
      esac
    done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*(<[^>]*>).*/\1/p; s/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' "$file")
  done
done

for file in test/embed/*.c; do
  [ -f "$file" ] || continue
  while IFS= read -r inc; do
    case $inc in
      '"'*) complain "$file: includes $inc; an embedding example has only <weft/...> and the C library" ;;
      '<weft/'*)
        path=${inc#<weft/} path=${path%>}
        l=${path%%/*}
        [[ -n ${public[$l]+x} && ${public[$l]} == *" ${path#*/} "* ]] || complain "$file: $inc is not installed" ;;
    esac
  done < <(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*([<"][^>"]*[>"]).*/\1/p' "$file")
done

[ $bad = 0 ] && echo "include edges follow the graph (${#layers[@]} layers)"
exit $((bad > 0))
