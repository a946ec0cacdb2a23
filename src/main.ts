#!/usr/bin/env node
/**
 * Arguments → command → exit code. One file is the operator, the `kubectl upsell` plugin and the program of the npm package.
 */
import { basename } from 'node:path';
import { pluginName, runProgram } from './cli/program.ts';
import { processTerminal } from './cli/terminal/terminal.ts';

/** Put in by the build; from source it is not a release. */
declare const __OPERATOR_VERSION__: string | undefined;
const version = typeof __OPERATOR_VERSION__ === 'string' ? __OPERATOR_VERSION__ : '0.0.0-source';

const called = basename(process.argv[1] ?? '');
const program = called === pluginName ? pluginName : 'acronis-upsell-operator';
process.exitCode = await runProgram(process.argv, processTerminal(version, program));
