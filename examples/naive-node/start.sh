#!/bin/sh
# Starts the integration, after fetching its two packages when they are not there.
set -e
cd "$(dirname "$0")"
if [ ! -d node_modules/stripe ] || [ ! -d node_modules/jsforce ]; then
  npm install --no-audit --no-fund --silent
fi
[ "$1" = install ] || exec node server.js
