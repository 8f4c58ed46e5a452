#!/usr/bin/env node
// The San Francisco 311 program: hands its application to the command line.
import { runProgram } from '../cli/main.ts'
import { sanFrancisco311 } from './sf/program.ts'

await runProgram(sanFrancisco311)
