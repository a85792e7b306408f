// chartjs-node-canvas asks for a package called `canvas`. The one of that name downloads a binary from a host
// other than the npm registry, or compiles; @napi-rs/canvas ships its binaries through npm and has a compatible layer.
module.exports = require('@napi-rs/canvas/node-canvas');
