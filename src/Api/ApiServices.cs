using System.Diagnostics;
using Fleet.Api.Jobs;
using Fleet.Api.Lanes;
using Fleet.Api.Runs;
using Fleet.Api.Schedules;
using Fleet.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Api;

/// <summary>The HTTP API. It needs no state of its own: any process that reaches the database can serve it.</summary>
public static class ApiServices
{
    /// <summary>Adds what the endpoints need.</summary>
    public static IServiceCollection AddFleetApi(this IServiceCollection services)
    {
        services.AddExceptionHandler<ExceptionProblems>().AddProblemDetails();
        services.ConfigureHttpJsonOptions(
            options => options.SerializerOptions.PropertyNamingPolicy = FleetJson.Payload.PropertyNamingPolicy);
        return services;
    }

    /// <summary>Refuses requests for host names that are not ours, and calls of other sites' pages: for programs that are Fleet alone.
    /// Comes before everything else of the pipeline. <see cref="AllowedHosts"/> has the rules.</summary>
    /// <exception cref="InvalidOperationException">The setting <see cref="AllowedHosts.Key"/> is not well formed.</exception>
    public static WebApplication UseFleetGate(this WebApplication app)
    {
        var gate = new RequestGate(new AllowedHosts(app.Configuration[AllowedHosts.Key], app.Services.GetRequiredService<IServer>()));
        app.Use(gate.InvokeAsync);
        BadRequestAnswers.Subscribe(app.Services.GetRequiredService<DiagnosticListener>());
        return app;
    }

    /// <summary>Maps <c>/api/v1</c>.</summary>
    public static WebApplication MapFleetApi(this WebApplication app)
    {
        app.UseExceptionHandler();
        // Answers that no endpoint gave (unknown path, wrong method) are problems too.
        app.UseStatusCodePages(async context =>
        {
            var status = context.HttpContext.Response.StatusCode;
            var code = status switch { 404 => "not_found", 405 => "method_not_allowed", 415 => "unsupported_media_type", _ => "refused" };
            await Problems.Make(status, code, $"{context.HttpContext.Request.Method} on this path is answered with {status}.")
                .ExecuteAsync(context.HttpContext);
        });
        app.UseRouting();
        app.Use(EndpointRules.CheckAsync);
        // What an endpoint does not say that it takes, it does not take.
        var api = app.MapGroup("/api/v1").WithMetadata(new EndpointInput([]));
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
