namespace Fleet.Core.Storage.Rows;

/// <summary>The row in <c>worker_samples</c>: what one worker did in one lane within ten seconds. Rows are kept for a quarter of an
/// hour.</summary>
public sealed class WorkerSample
{
    public WorkerId WorkerId { get; set; }

    public string Lane { get; set; } = "";

    /// <summary>The start.</summary>
    public DateTimeOffset At { get; set; }

    /// <summary>The length, in microseconds.</summary>
    public long Length { get; set; }

    /// <summary>The slot time that was used, in microseconds.</summary>
    public long Busy { get; set; }

    /// <summary>The slot time that there was, in microseconds.</summary>
    public long Slots { get; set; }

    /// <summary>Number of ends, by <see cref="RollupOutcome"/>.</summary>
    public long Succeeded { get; set; }

    public long Retried { get; set; }

    public long Failed { get; set; }

    public long Canceled { get; set; }

    public long Released { get; set; }

    /// <summary>The attempts that ended and were long enough to be drawn one by one, as encoded <c>Bars</c>; empty for none.</summary>
    public byte[] Bars { get; set; } = [];

    /// <summary>Number of such attempts that are not in <see cref="Bars"/>, because there were too many.</summary>
    public int BarsLeftOut { get; set; }
}
