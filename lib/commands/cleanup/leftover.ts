/** A resource that no bottle manages any longer, and how to remove it. */
export interface Leftover {
  what: string;
  why: string;
  /** On the disk, where it is known; images may share layers. */
  bytes?: number;
  remove(): Promise<void>;
}
