/*
 * query_secret.c
 *	  Tells from its tree whether a utility statement carries a credential.
 *
 * The text of such a statement is never kept, with literals or without: what
 * a password is cannot be told apart from the rest by anyone but the server's
 * own commands.
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/parsenodes.h"

#include "libarx/sql_secret.h"
#include "query/query_normalize.h"

/* Does one of these options have a name that tells of a credential? */
static bool
options_name_secret(List *options)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (arx_sql_name_is_secret(option->defname, strlen(option->defname)))
			return true;
	}
	return false;
}

static bool
body_carries_secret(Node *body)
{
	if (body == NULL)
		return false;
	if (IsA(body, String))
		return arx_sql_body_carries_secret(strVal(body), strlen(strVal(body)));
	if (IsA(body, List))
	{
		ListCell *cell;

		foreach (cell, (List *) body)
		{
			if (body_carries_secret(lfirst(cell)))
				return true;
		}
	}
	return false;
}

/* The body of DO or of a function is the option "as". */
static bool
code_carries_secret(List *options)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "as") == 0 &&
			body_carries_secret(option->arg))
			return true;
	}
	return false;
}

static bool
setting_is_secret(VariableSetStmt *stmt)
{
	return stmt != NULL && stmt->name != NULL &&
		arx_sql_name_is_secret(stmt->name, strlen(stmt->name));
}

bool
arx_statement_carries_secret(Node *utility_stmt)
{
	if (utility_stmt == NULL)
		return false;
	switch (nodeTag(utility_stmt))
	{
		case T_CreateUserMappingStmt:
		case T_AlterUserMappingStmt:
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_CreateForeignServerStmt:
		case T_AlterForeignServerStmt:
			return true;
		case T_CreateRoleStmt:
			return options_name_secret(
				((CreateRoleStmt *) utility_stmt)->options);
		case T_AlterRoleStmt:
			return options_name_secret(
				((AlterRoleStmt *) utility_stmt)->options);
		case T_CreateFdwStmt:
			return options_name_secret(
				((CreateFdwStmt *) utility_stmt)->options);
		case T_AlterFdwStmt:
			return options_name_secret(
				((AlterFdwStmt *) utility_stmt)->options);
		case T_CreateForeignTableStmt:
			return options_name_secret(
				((CreateForeignTableStmt *) utility_stmt)->options);
		case T_ImportForeignSchemaStmt:
			return options_name_secret(
				((ImportForeignSchemaStmt *) utility_stmt)->options);
		case T_VariableSetStmt:
			return setting_is_secret((VariableSetStmt *) utility_stmt);
		case T_AlterSystemStmt:
			return setting_is_secret(
				((AlterSystemStmt *) utility_stmt)->setstmt);
		case T_AlterRoleSetStmt:
			return setting_is_secret(
				((AlterRoleSetStmt *) utility_stmt)->setstmt);
		case T_AlterDatabaseSetStmt:
			return setting_is_secret(
				((AlterDatabaseSetStmt *) utility_stmt)->setstmt);
		case T_DoStmt:
			return code_carries_secret(((DoStmt *) utility_stmt)->args);
		case T_CreateFunctionStmt:
			return code_carries_secret(
				((CreateFunctionStmt *) utility_stmt)->options);
		default:
			return false;
	}
}
