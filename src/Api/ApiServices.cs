using Fleet.Api.Health;
using Fleet.Api.Jobs;
using Fleet.Api.Lanes;
using Fleet.Api.Runs;
using Fleet.Api.Schedules;
using Fleet.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Fleet.Api;

/// <summary>The HTTP API. It needs no state of its own: any process that reaches the database can serve it.</summary>
public static class ApiServices
{
    /// <summary>Adds what the endpoints need.</summary>
    public static IServiceCollection AddFleetApi(this IServiceCollection services)
    {
        services.AddExceptionHandler<ExceptionProblems>().AddProblemDetails();
        services.AddFleetHealth();
        services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = FleetJson.Payload.PropertyNamingPolicy);
        return services;
    }

    /// <summary>Adds what <c>/health</c> needs.</summary>
    public static IServiceCollection AddFleetHealth(this IServiceCollection services)
    {
        services.TryAddSingleton<DatabaseHealth>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database");
        return services;
    }

    /// <summary>Maps <c>/health</c> alone, for a process that serves no API.</summary>
    public static WebApplication MapFleetHealth(this WebApplication app)
    {
        HealthEndpoints.Map(app);
        return app;
    }

    /// <summary>Maps <c>/api/v1</c> and <c>/health</c>.</summary>
    public static WebApplication MapFleetApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        // Answers that no endpoint gave (unknown path, wrong method) are problems too.
        app.UseStatusCodePages(async context =>
        {
            var status = context.HttpContext.Response.StatusCode;
            var code = status switch { 404 => "not_found", 405 => "method_not_allowed", 415 => "unsupported_media_type", _ => "refused" };
            await Problems.Make(status, code, $"{context.HttpContext.Request.Method} on this path is answered with {status}.").ExecuteAsync(context.HttpContext);
        });
        HealthEndpoints.Map(app);
        var api = app.MapGroup("/api/v1");
        EnqueueRunsEndpoints.Map(api);
        GetRunsEndpoints.Map(api);
        CancelRunsEndpoints.Map(api);
        ReplayRunsEndpoints.Map(api);
        PutSchedulesEndpoints.Map(api);
        GetSchedulesEndpoints.Map(api);
        ControlSchedulesEndpoints.Map(api);
        BackfillSchedulesEndpoints.Map(api);
        GetScheduleFiguresEndpoints.Map(api);
        NextFireTimesEndpoints.Map(api);
        DiffSchedulesEndpoints.Map(api);
        SimulateSchedulesEndpoints.Map(api);
        GetJobsEndpoints.Map(api);
        GetLanesEndpoints.Map(api);
        return app;
    }
}
