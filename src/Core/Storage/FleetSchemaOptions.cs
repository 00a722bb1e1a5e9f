using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Fleet.Core.Storage;

/// <summary>Tells EF Core in which schema Fleet's tables stand.</summary>
public static class FleetSchemaOptions
{
    /// <summary>Puts the tables of the context, and EF Core's table of migrations, into the schema.
    /// Call it after <c>UseNpgsql</c> and the like.</summary>
    public static DbContextOptionsBuilder<T> UseSchema<T>(this DbContextOptionsBuilder<T> options, FleetSchema schema)
        where T : FleetDbContext
    {
        var relational = RelationalOptionsExtension.Extract(options.Options)
            .WithMigrationsHistoryTableName(schema.Table(FleetSchema.History))
            .WithMigrationsHistoryTableSchema(schema.IsPrefix ? null : schema.Name);
        ((IDbContextOptionsBuilderInfrastructure)options).AddOrUpdateExtension(relational);
        options.ReplaceService<IModelCacheKeyFactory, ModelOfSchema>();
        return options;
    }

    /// <summary>As <see cref="UseSchema{T}"/>, for a context that migrates. Migrations are generated for the schema <c>fleet</c>; their
    /// commands are renamed when they are executed. For databases with schemas: a prefix is generated into the migrations.</summary>
    public static DbContextOptionsBuilder<T> UseMigrationsOf<T>(this DbContextOptionsBuilder<T> options, FleetSchema schema)
        where T : FleetDbContext
    {
        options.UseSchema(FleetSchema.Default).AddInterceptors(new RenameSchema(schema));
        return options;
    }

    /// <summary>The name of the schema that <see cref="UseSchema{T}"/> has set.</summary>
    public static string Of(DbContextOptions options) =>
        RelationalOptionsExtension.Extract(options).MigrationsHistoryTableSchema ?? FleetSchema.DefaultName;

    /// <summary>One model for each schema: EF Core would use the first one for all.</summary>
    private sealed class ModelOfSchema : IModelCacheKeyFactory
    {
        public object Create(DbContext context, bool designTime) => (context.GetType(), ((FleetDbContext)context).SchemaName, designTime);
    }

    private sealed class RenameSchema(FleetSchema schema) : DbCommandInterceptor
    {
        public override InterceptionResult<DbDataReader> ReaderExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result) => Rename(command, result);

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result,
            CancellationToken cancellationToken = default) =>
            new(Rename(command, result));

        public override InterceptionResult<object> ScalarExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<object> result) => Rename(command, result);

        public override ValueTask<InterceptionResult<object>> ScalarExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<object> result,
            CancellationToken cancellationToken = default) =>
            new(Rename(command, result));

        public override InterceptionResult<int> NonQueryExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result) => Rename(command, result);

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            new(Rename(command, result));

        private InterceptionResult<T> Rename<T>(DbCommand command, InterceptionResult<T> result)
        {
            command.CommandText = schema.In(command.CommandText);
            return result;
        }
    }
}
