using Fleet.Core.Jobs;
using Microsoft.Extensions.Options;

namespace Fleet.Worker;

/// <summary>The lanes that this process serves, and with how many slots.</summary>
public sealed class WorkerLanes(IOptions<WorkerOptions> options, JobRegistry registry)
{
    /// <summary>Lane → slots.</summary>
    public IReadOnlyDictionary<string, int> Slots { get; } = options.Value.Lanes.Count > 0
        ? options.Value.Lanes
        : registry.All.Select(j => j.Lane).Append("default").Distinct(StringComparer.Ordinal)
            .ToDictionary(lane => lane, _ => options.Value.DefaultSlots, StringComparer.Ordinal);

    /// <summary>How people call this process.</summary>
    public string WorkerName { get; } = $"{Environment.MachineName}/{Environment.ProcessId}";
}
