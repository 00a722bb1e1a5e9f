using System.Text;
using Fleet.Core.Storage.Rows;

namespace Fleet.Core.Statistics;

/// <summary>An attempt, as it is drawn in the lane of its worker.</summary>
/// <param name="Run">The run.</param>
/// <param name="Job">Its job.</param>
/// <param name="Attempt">The number of the attempt.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="StartedAt">When its handler was called.</param>
/// <param name="Took">How long it took.</param>
public readonly record struct Bar(RunId Run, string Job, int Attempt, RollupOutcome Outcome, DateTimeOffset StartedAt, TimeSpan Took);

/// <summary>The attempts of a sample that are drawn one by one: those of at least <see cref="Shortest"/>. The others are density: the slot
/// time of the sample counts them.</summary>
public static class Bars
{
    /// <summary>Maximum number of attempts of a sample.</summary>
    public const int MaxOfSample = 200;

    private const byte Version = 1;

    // A day in milliseconds is added to distances, so that one to a later start needs no sign.
    private const long Offset = 86_400_000;

    /// <summary>About a pixel, where ten minutes are drawn on 600.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    /// <summary>Encodes attempts: names of jobs once, times in milliseconds.</summary>
    /// <param name="bars">The attempts.</param>
    /// <param name="at">The start of the sample.</param>
    public static byte[] Encode(IReadOnlyList<Bar> bars, DateTimeOffset at)
    {
        if (bars.Count == 0)
            return [];
        var bytes = new List<byte>(32 * bars.Count) { Version };
        string[] jobs = [.. bars.Select(b => b.Job).Distinct(StringComparer.Ordinal)];
        Histogram.WriteNumber(bytes, jobs.Length);
        foreach (var job in jobs.Select(Encoding.UTF8.GetBytes))
        {
            Histogram.WriteNumber(bytes, job.Length);
            bytes.AddRange(job);
        }

        foreach (var bar in bars)
        {
            bytes.AddRange(bar.Run.Value.ToByteArray(bigEndian: true));
            Histogram.WriteNumber(bytes, Array.IndexOf(jobs, bar.Job));
            Histogram.WriteNumber(bytes, bar.Attempt);
            bytes.Add((byte)bar.Outcome);
            Histogram.WriteNumber(bytes, (long)(at - bar.StartedAt).TotalMilliseconds + Offset);
            Histogram.WriteNumber(bytes, (long)bar.Took.TotalMilliseconds);
        }

        return [.. bytes];
    }

    /// <summary>Reads what <see cref="Encode"/> has written.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static IReadOnlyList<Bar> Decode(ReadOnlySpan<byte> bytes, DateTimeOffset at)
    {
        if (bytes.Length == 0)
            return [];
        if (bytes[0] != Version)
            throw new FormatException($"Attempts of version {bytes[0]} were read; this program knows version {Version}.");
        try
        {
            return DecodeAll(bytes, at);
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new FormatException("Stored attempts are damaged.", e);
        }
    }

    private static List<Bar> DecodeAll(ReadOnlySpan<byte> bytes, DateTimeOffset at)
    {
        var next = 1;
        var jobs = new string[Math.Min(Histogram.ReadNumber(bytes, ref next), bytes.Length)];
        for (var i = 0; i < jobs.Length; i++)
        {
            var length = (int)Histogram.ReadNumber(bytes, ref next);
            jobs[i] = Encoding.UTF8.GetString(bytes.Slice(next, length));
            next += length;
        }

        var bars = new List<Bar>();
        while (next < bytes.Length)
        {
            var run = new RunId(new Guid(bytes.Slice(next, 16), bigEndian: true));
            next += 16;
            var job = jobs[Histogram.ReadNumber(bytes, ref next)];
            var attempt = (int)Histogram.ReadNumber(bytes, ref next);
            var outcome = (RollupOutcome)bytes[next++];
            var startedAt = at - TimeSpan.FromMilliseconds(Histogram.ReadNumber(bytes, ref next) - Offset);
            bars.Add(new Bar(run, job, attempt, outcome, startedAt, TimeSpan.FromMilliseconds(Histogram.ReadNumber(bytes, ref next))));
        }

        return bars;
    }
}
