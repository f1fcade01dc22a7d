# Sourced by tools/clients. Defines the parts that it runs. `work` is a folder for logs, `HOOSH` the program.

urls=() # The URLs of the gateways, for --keep.

# start_hoosh NAME PORT: starts hoosh with the configuration $work/NAME.toml and sets `url`.
start_hoosh() {
  "$HOOSH" serve --config "${work:?}/$1.toml" </dev/null >"$work/$1.log" 2>&1 &
  url=http://127.0.0.1:$2
  urls+=("$url")
  wait_for "$url/healthz" 10 || {
    cat "$work/$1.log" >&2
    die "hoosh did not start"
  }
}

# run_pytest LOG ENVIRONMENT OPTION…: runs pytest in the background and waits, so that a signal takes effect immediately.
run_pytest() {
  local log=$1 environment=$2
  shift 2
  "$root/.cache/$environment/bin/python" -m pytest -q -p no:cacheprovider "$@" </dev/null &
  wait $! && return 0
  echo "the last lines of hoosh:" >&2
  tail -n 40 "$work/$log.log" >&2
  return 1
}

# Runs the tests in Tests/Clients itself.
run_wire() {
  local port auth_port scripted nobody recorder
  read -r port auth_port scripted nobody recorder < <(free_ports 5)
  sed -e "s|@PORT@|$port|" -e "s|@TINY@|$UPSTREAM_URL|" -e "s|@TOOL@|$UPSTREAM_TOOL_URL|" \
    -e "s|@SCRIPTED@|http://127.0.0.1:$scripted|" -e "s|@RECORDED@|http://127.0.0.1:$recorder|" \
    -e "s|@NOBODY@|http://127.0.0.1:$nobody|" "$root/Tests/Clients/hoosh.toml" >"$work/wire.toml"
  sed "s|^port = .*|port = $auth_port|" "$work/wire.toml" >"$work/auth.toml"
  export HOOSH_KEY=key-for-the-client-tests
  # shellcheck disable=SC2016 # hoosh expands the variable.
  printf '\n[auth]\ntokens = ["$HOOSH_KEY"]\n' >>"$work/auth.toml"
  start_hoosh wire "$port"
  export HOOSH_URL=$url
  start_hoosh auth "$auth_port"
  export HOOSH_AUTH_URL=$url SCRIPTED_PORT=$scripted RECORDER_PORT=$recorder
  run_pytest wire clients --ignore="$root"/Tests/Clients/{sdks,agents} "$root/Tests/Clients" "$@"
}

# Hugging Face's server; prints what is to be configured.
start_transformers() {
  local port log=$work/transformers.log
  "$root/tools/real-upstream" --server transformers --prepare >&2
  port=$(free_ports 1)
  "$root/tools/real-upstream" --server transformers --port "$port" </dev/null >"$log" 2>&1 &
  wait_for "http://127.0.0.1:$port/health" 90 || die "transformers serve did not start; $(tail -n 20 "$log")"
  printf '\n[[providers]]\nname = "transformers"\ntype = "OpenAiCompatible"\n'
  printf 'base_url = "http://127.0.0.1:%s"\nmodels = ["tiny-transformers"]\n' "$port"
}

# The scripted server and a hoosh in front of it, once; sets `url`.
start_script() {
  local port script
  [[ -z ${script_url:-} ]] || {
    url=$script_url
    return 0
  }
  read -r port script < <(free_ports 2)
  (cd "$root/Tests/Clients" && exec "$root/.cache/clients/bin/python" -m script "$script") \
    </dev/null >"$work/script.log" 2>&1 &
  sed -e "s|@PORT@|$port|" -e "s|@TINY@|$UPSTREAM_URL|" -e "s|@TOOL@|$UPSTREAM_TOOL_URL|" \
    -e "s|@EMBEDDING@|$UPSTREAM_EMBEDDING_URL|" -e "s|@SCRIPT@|http://127.0.0.1:$script|" \
    "$root/Tests/Clients/sdks/hoosh.toml" >"$work/gateway.toml"
  wait_for "http://127.0.0.1:$script/openai/v1/models" || die "the scripted server did not start; $(cat "$work/script.log")"
  [[ -z ${transformers:-} ]] || start_transformers >>"$work/gateway.toml"
  start_hoosh gateway "$port"
  script_url=$url
}

# The clients in Tests/Clients/sdks, their suites side by side.
run_sdks() {
  local suite failed=0 suites=(sdks frameworks orchestration older)
  local -A running=()
  start_script
  for suite in "${suites[@]}"; do
    run_suite "$suite" "$@" &
    running[$suite]=$!
  done
  for suite in "${suites[@]}"; do
    wait "${running[$suite]}" && continue
    # On a busy machine, a client may time out, so failed tests are repeated once, alone.
    run_suite "$suite" --last-failed "$@" && continue
    failed=1
    sed 's/^/  /' "$work/$suite.log" | tail -n 400
  done
  "$root/.cache/clients/bin/python" "$root/Tests/Clients/sdks/table.py" "${suites[@]/#/$work/}"
  # Some clients write about open connections when the program ends, behind pytest's last line.
  for suite in "${suites[@]}"; do grep -E '^[0-9]+ (passed|failed|skipped).* in [0-9]' "$work/$suite.log" | tail -n 1; done
  return "$failed"
}

# run_suite NAME OPTION…: runs the clients of one environment, each with each provider type.
run_suite() {
  local suite=$1 environment=clients
  shift
  [[ $suite == older ]] && environment=clients-older
  # Keep the clients from downloading prices, settings, and updates.
  local -a quiet=(LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_TELEMETRY=False LANGSMITH_TRACING=false
    HAYSTACK_TELEMETRY_ENABLED=False AGNO_TELEMETRY=false
    OPENAI_AGENTS_DISABLE_TRACING=1 NO_PROXY=127.0.0.1)
  env "${quiet[@]}" HOOSH_URL="$url" SUITE="$suite" REAL="tiny ${transformers:+tiny-transformers}" \
    RESULTS="$work/$suite" "$root/.cache/$environment/bin/python" -m pytest -q -o cache_dir="$work/$suite.cache" \
    --tb=no --no-summary --timeout=90 --confcutdir="$root/Tests/Clients/sdks" --rootdir="$root/Tests/Clients/sdks" \
    "$root/Tests/Clients/sdks" "$@" </dev/null >"$work/$suite.log" 2>&1
}

# Runs the tests of Claude Code and Codex, which are separate programs.
run_agents() {
  need_venv "$root/.cache/agents" "$root/tools/python/requirements-agents.txt"
  start_script
  HOOSH_URL=$url AGENTS=$root/.cache/agents run_pytest gateway clients -v --confcutdir="$root/Tests/Clients/agents" "$root/Tests/Clients/agents"
}
