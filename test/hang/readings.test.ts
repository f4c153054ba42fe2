import { describe } from 'vitest';
import { play } from './cannot-hang.js';

describe('cannot hang', () => play('readings'));
