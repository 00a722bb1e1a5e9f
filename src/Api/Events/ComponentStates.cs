using Fleet.Client;
using Fleet.Core.Findings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Api.Events;

/// <summary>How database and broker are, by the health checks of the program.</summary>
internal sealed class ComponentStates(IServiceProvider services)
{
    private static readonly string[] Names = ["database", "broker"];

    private readonly HealthCheckService? _health = services.GetService<HealthCheckService>();

    /// <summary>The state of each that has a check; empty in a program without health checks.</summary>
    public async Task<IReadOnlyList<ComponentView>> ReadAsync(CancellationToken ct)
    {
        if (_health is null)
            return [];
        var report = await _health.CheckHealthAsync(check => Names.Contains(check.Name, StringComparer.Ordinal), ct);
        return
        [
            .. report.Entries.OrderByDescending(e => e.Key, StringComparer.Ordinal).Select(e => new ComponentView
            {
                Name = e.Key,
                Status = e.Value.Status switch
                {
                    HealthStatus.Healthy => "up",
                    HealthStatus.Degraded => "degraded",
                    _ => "down",
                },
                Milliseconds = Math.Round(e.Value.Duration.TotalMilliseconds, 1),
                Description = e.Value.Status == HealthStatus.Healthy ? null : e.Value.Description,
            }),
        ];
    }

    /// <summary>The findings about those that are not well, in front of the others.</summary>
    public static IReadOnlyList<Finding> AddTo(IReadOnlyList<Finding> findings, IReadOnlyList<ComponentView> components) =>
    [
        .. TellFindings.OfComponents(components.Where(c => c.Status != "up").Select(
            c => (c.Name, c.Status == "down", c.Description ?? "it does not answer"))).Concat(findings).OrderBy(f => f.Severity),
    ];
}
