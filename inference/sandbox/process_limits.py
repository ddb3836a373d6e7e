"""The limits of one decoding process."""

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1_000_000


class ProcessLimits(BaseModel):
    """Limits of the first attempt; the second attempt has twice the time.

    A small file gets 9 s of one core in both attempts together. A file of 200 MB gets 39 s: its bytes must be
    hashed, copied and parsed.
    """

    model_config = ConfigDict(frozen=True)

    memory_bytes: int = Field(500 * MEGABYTE, ge=50 * MEGABYTE)  # beyond the interpreter and the file itself
    output_bytes: int = Field(200 * MEGABYTE, ge=MEGABYTE)  # 32 frames of 1280x1280 are 157 MB
    cpu_seconds: float = Field(3.0, gt=0)  # of all threads together; honest media take less than 2
    cpu_seconds_per_megabyte: float = Field(0.05, ge=0)
    wall_factor: float = Field(10.0, ge=1)  # wall time per CPU time: the machine may be busy

    def cpu_allowance(self, size: int, attempt: int) -> int:
        """Return the whole seconds of CPU time for a file of ``size`` bytes; ``attempt`` counts from 1."""
        return max(1, round(attempt * (self.cpu_seconds + self.cpu_seconds_per_megabyte * size / MEGABYTE)))

    def wall_allowance(self, size: int, attempt: int) -> float:
        """Return the seconds after which the process is killed, whatever it is doing."""
        return self.wall_factor * self.cpu_allowance(size, attempt)
