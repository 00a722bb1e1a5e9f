using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fleet.Hosting.Health;

/// <summary>Health per component, with how long each took to answer.</summary>
public sealed record HealthView(string Status, IReadOnlyDictionary<string, ComponentView> Components);

/// <summary>One component.</summary>
/// <param name="Status"><c>UP</c>, <c>DEGRADED</c> or <c>DOWN</c>.</param>
/// <param name="ResponseMs">In milliseconds.</param>
/// <param name="Description">What is wrong.</param>
public sealed record ComponentView(string Status, double ResponseMs, string? Description);

internal static class HealthEndpoints
{
    public static void Map(IEndpointRouteBuilder app)
    {
        // Alive is who answers at all; a dead database is no reason to restart a process.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false, ResponseWriter = WriteAsync });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext http, HealthReport report) => http.Response.WriteAsJsonAsync(
        new HealthView(
            Word(report.Status),
            report.Entries.ToDictionary(
                e => e.Key,
                e => new ComponentView(Word(e.Value.Status), Math.Round(e.Value.Duration.TotalMilliseconds, 1), e.Value.Description),
                StringComparer.Ordinal)),
        FleetJson.Payload);

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "UP",
        HealthStatus.Degraded => "DEGRADED",
        _ => "DOWN",
    };
}

