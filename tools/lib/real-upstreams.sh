# Sourced after setup.sh. Starts the models of tools/real-upstream, unless UPSTREAM_URL, UPSTREAM_TOOL_URL, and
# UPSTREAM_EMBEDDING_URL are set, which means that they are already running.

# Starts the servers, and exports their URLs once they are ready.
start_real_upstreams() {
  local port tool_port embedding_port log=${root:?}/.cache/real-upstream
  [[ -n ${UPSTREAM_URL:-} && -n ${UPSTREAM_TOOL_URL:-} && -n ${UPSTREAM_EMBEDDING_URL:-} ]] && return 0
  need_python
  "$root/tools/real-upstream" --prepare
  read -r port tool_port embedding_port < <(free_ports 3)
  "$root/tools/real-upstream" --port "$port" </dev/null >"$log/tiny.log" 2>&1 &
  "$root/tools/real-upstream" --port "$tool_port" --model tiny-tool </dev/null >"$log/tiny-tool.log" 2>&1 &
  "$root/tools/real-upstream" --port "$embedding_port" --model tiny-embedding </dev/null >"$log/tiny-embedding.log" 2>&1 &
  export UPSTREAM_EMBEDDING_URL=http://127.0.0.1:$embedding_port
  export UPSTREAM_URL=http://127.0.0.1:$port UPSTREAM_TOOL_URL=http://127.0.0.1:$tool_port
  wait_for "$UPSTREAM_URL/health" || die "the model server did not start; see $log/tiny.log"
  wait_for "$UPSTREAM_TOOL_URL/health" || die "the model server did not start; see $log/tiny-tool.log"
  wait_for "$UPSTREAM_EMBEDDING_URL/health" || die "the model server did not start; see $log/tiny-embedding.log"
}

# wait_for URL [SECONDS]: waits until a URL responds with success, for 30 seconds by default.
wait_for() {
  local end=$((SECONDS + ${2:-30}))
  until curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}
