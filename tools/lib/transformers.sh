# Sourced by tools/real-upstream. Runs Hugging Face's `transformers serve`. `directory` is the working folder.

# Creates the environment and the model.
make_transformers() {
  local recipe=$root/tools/python/make_tiny_transformers.py
  need_venv "${directory:?}/transformers" "$root/tools/python/requirements-transformers.txt"
  [[ $directory/tiny-transformers/config.json -nt $recipe ]] && return 0
  rm -rf "$directory/tiny-transformers" "$directory/tiny-transformers.part"
  "$directory/transformers/bin/python" "$recipe" "$directory/tiny-transformers.part" >&2
  mv "$directory/tiny-transformers.part" "$directory/tiny-transformers"
}

# Serves until it is stopped. The model's name is its path, so the server runs in the folder where that path is short.
serve_transformers() {
  source "$root/tools/lib/real-upstreams.sh"
  end_with_children
  cd "$directory"
  HF_HUB_OFFLINE=1 HF_HUB_CACHE="$directory/hub" OMP_NUM_THREADS=1 \
    "$directory/transformers/bin/transformers" serve tiny-transformers --host 127.0.0.1 --port "${port:?}" --device cpu \
    </dev/null >&2 &
  wait_for "http://127.0.0.1:$port/health" 90 || die "transformers serve did not start"
  echo "ready http://127.0.0.1:$port"
  wait
}
