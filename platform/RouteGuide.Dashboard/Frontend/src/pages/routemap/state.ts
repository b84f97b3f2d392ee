import { signal } from '@preact/signals';
import type { Answered, Feature, GeoPoint } from '../../api';

export type Tool = 'get' | 'list' | 'record' | 'chat';

/** What the service said last, for each of its calls. */
export interface Found { feature: Feature; answered: Answered }
export interface Listed { lo: GeoPoint; hi: GeoPoint; features: readonly Feature[]; answered: Answered | null; running: boolean }
export interface Recorded { points: readonly GeoPoint[]; summary: { pointCount: number; featureCount: number; distanceMetres: number; elapsedSeconds: number } | null; answered: Answered | null }

/** Kept while the window is open: another page and back shows the same. */
export const features = signal<{ list: readonly Feature[]; answered: Answered | null }>({ list: [], answered: null });
export const found = signal<Found | null>(null);
export const listed = signal<Listed | null>(null);
export const recorded = signal<Recorded | null>(null);
/** Where the next note is left. */
export const place = signal<GeoPoint | null>(null);
